# libreports.a: from results files to documents.  Linked into the command only:
# malloc, stdio, elfutils, jansson and libiberty are fine here.

noinst_LIBRARIES += reports/libreports.a
reports_libreports_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE
reports_libreports_a_CFLAGS = $(AM_CFLAGS) $(ELFUTILS_CFLAGS) $(JANSSON_CFLAGS)
reports_libreports_a_SOURCES = \
	%D%/report.c %D%/report.h \
	%D%/model/executions.c %D%/model/executions.h \
	%D%/model/import.c %D%/model/import.h \
	%D%/model/model.c %D%/model/model.h \
	%D%/model/pool.c %D%/model/pool.h \
	%D%/model/read.c %D%/model/read.h \
	%D%/model/slots.c %D%/model/slots.h \
	%D%/model/text_set.c %D%/model/text_set.h \
	%D%/model/utf8.c %D%/model/utf8.h \
	%D%/symbols/elf_image.c %D%/symbols/elf_image.h \
	%D%/symbols/line_table.c %D%/symbols/line_table.h \
	%D%/symbols/md5.c %D%/symbols/md5.h \
	%D%/symbols/scopes.c %D%/symbols/scopes.h \
	%D%/symbols/short_name.c %D%/symbols/short_name.h \
	%D%/symbols/source_frame.c %D%/symbols/source_frame.h \
	%D%/symbols/source_text.c %D%/symbols/source_text.h \
	%D%/symbols/symbol_index.c %D%/symbols/symbol_index.h \
	%D%/symbols/symbolize.c %D%/symbols/symbolize.h \
	%D%/blocks/block_type.c %D%/blocks/block_type.h %D%/blocks/peel.h \
	%D%/blocks/member.c %D%/blocks/member.h \
	%D%/blocks/result_type.c %D%/blocks/result_type.h \
	%D%/code/holders.c %D%/code/holders.h \
	%D%/code/imports.c %D%/code/makers.def \
	%D%/code/straight.c %D%/code/straight.h \
	%D%/code/unneeded.c %D%/code/unneeded.h \
	%D%/types/code.c %D%/types/code.h \
	%D%/types/containers.c %D%/types/containers.def %D%/types/containers.h \
	%D%/types/stable_names.c %D%/types/stable_names.h \
	%D%/types/data.c %D%/types/data.h \
	%D%/types/form.h \
	%D%/types/members.c %D%/types/members.h \
	%D%/types/pointee.c %D%/types/pointee.h \
	%D%/types/type_names.c \
	%D%/types/types.c %D%/types/types.h \
	%D%/types/variables.c %D%/types/variables.h \
	%D%/order/order_check.c %D%/order/order_check.h \
	%D%/order/order_file.c %D%/order/order_file.h \
	%D%/order/order_learn.c %D%/order/order_learn.h \
	%D%/source/lexer.c %D%/source/lexer.h \
	%D%/source/macros.c %D%/source/macros.h \
	%D%/source/names.c %D%/source/names.h \
	%D%/source/elsewhere.c %D%/source/elsewhere.h \
	%D%/source/expand.c %D%/source/expand.h \
	%D%/symbols/fortran.c %D%/symbols/fortran.h \
	%D%/source/operand.c %D%/source/operand.h \
	%D%/source/operations.c %D%/source/operations.h \
	%D%/source/reading.c %D%/source/reading.h \
	%D%/source/statement.c %D%/source/statement.h \
	%D%/source/words.c %D%/source/words.h \
	%D%/words/details.def \
	%D%/words/explain.c %D%/words/explain.def %D%/words/explain.h \
	%D%/words/explain_action.c %D%/words/explain_event.c \
	%D%/words/explain_memory.c %D%/words/explain_memory.h \
	%D%/view/fingerprint.c %D%/view/fingerprint.h \
	%D%/words/memory.c %D%/words/memory.h \
	%D%/words/names.c %D%/words/names.h \
	%D%/view/headline.c %D%/view/headline.h \
	%D%/view/shown.c %D%/view/shown.h \
	%D%/view/missing_lock.c %D%/view/missing_lock.h \
	%D%/view/same_bug.c %D%/view/same_bug.h \
	%D%/words/side.c %D%/words/side.h \
	%D%/words/template.c %D%/words/template.h \
	%D%/words/verdict.c %D%/words/verdict.h \
	%D%/view/view.c %D%/words/view.h %D%/words/view_options.h \
	%D%/filter/baseline.c %D%/filter/baseline.h \
	%D%/filter/entry_reader.h \
	%D%/filter/filter.c %D%/filter/filter.h \
	%D%/filter/generate.c %D%/filter/generate.h \
	%D%/filter/match.c %D%/filter/match.h \
	%D%/filter/own_entries.c \
	%D%/filter/pattern.c %D%/filter/pattern.h \
	%D%/filter/suppressions.c %D%/filter/suppressions.h \
	%D%/filter/tsan_entries.c \
	%D%/filter/valgrind_entries.c \
	%D%/view/classes.c %D%/view/classes.h \
	%D%/merge/merge.c %D%/merge/merge.h \
	%D%/merge/merged_file.c %D%/merge/merged_file.h \
	%D%/merge/orders.c %D%/merge/orders.h \
	%D%/formats/blocked.c %D%/formats/blocked.h \
	%D%/states/calls.c %D%/states/calls.def %D%/states/calls.h \
	%D%/states/state.c %D%/states/state.h \
	%D%/formats/formats.h \
	%D%/formats/ci/annotations.c \
	%D%/formats/ci/dot.c \
	%D%/formats/ci/junit.c \
	%D%/formats/html/graph.c \
	%D%/formats/html/html.c %D%/formats/html/html_parts.h \
	%D%/formats/html/sources.c \
	%D%/formats/json/json.c \
	%D%/formats/json/json_lines.c \
	%D%/formats/json/json_memory.c %D%/formats/json/json_memory.h \
	%D%/formats/json/json_parts.c %D%/formats/json/json_parts.h \
	%D%/formats/json/json_stream.c %D%/formats/json/json_stream.h \
	%D%/formats/json/sarif.c \
	%D%/formats/json/sarif_parts.h \
	%D%/formats/json/sarif_places.c \
	%D%/formats/json/sarif_rules.c \
	%D%/formats/trace/slices.c %D%/formats/trace/slices.h \
	%D%/formats/trace/trace.c \
	%D%/view/key_index.c %D%/view/key_index.h \
	%D%/view/order_graph.c %D%/view/order_graph.h \
	%D%/view/place.c %D%/view/place.h \
	%D%/formats/losses.c %D%/formats/losses.h \
	%D%/formats/text.c \
	%D%/formats/text/finding.c %D%/formats/text/finding.h \
	%D%/formats/text/group.c %D%/formats/text/group.h \
	%D%/formats/text/memory.c %D%/formats/text/memory.h \
	%D%/formats/text/parts.c %D%/formats/text/parts.h \
	%D%/formats/text/stack.c %D%/formats/text/stack.h \
	%D%/formats/text/creation.c %D%/formats/text/creation.h \
	%D%/formats/text/thread.c %D%/formats/text/thread.h

# The page of --html, as texts in C.
HTML_PAGE = %D%/formats/html
HTML_FILES = $(HTML_PAGE)/embed.sh $(HTML_PAGE)/page.html $(HTML_PAGE)/page.css \
	$(HTML_PAGE)/script/data.js $(HTML_PAGE)/script/dom.js $(HTML_PAGE)/script/finding.js \
	$(HTML_PAGE)/script/graph.js $(HTML_PAGE)/script/list.js $(HTML_PAGE)/script/pictures.js \
	$(HTML_PAGE)/script/plane.js $(HTML_PAGE)/script/run.js $(HTML_PAGE)/script/start.js
EXTRA_DIST += $(HTML_FILES)
CLEANFILES += %D%/formats/html/page_parts.c
nodist_reports_libreports_a_SOURCES = %D%/formats/html/page_parts.c
%D%/formats/html/page_parts.c: $(HTML_FILES)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(srcdir)/$(HTML_PAGE)/embed.sh $(srcdir)/$(HTML_PAGE) >$@.new && mv $@.new $@

# For programs that read --json.
dist_pkgdata_DATA += reports/formats/json/snarl.schema.json reports/filter/runtimes.suppressions
