# libreports.a: from results files to documents.  Linked into the command only:
# malloc, stdio, elfutils, jansson and libiberty are fine here.

noinst_LIBRARIES += reports/libreports.a
reports_libreports_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE
reports_libreports_a_CFLAGS = $(AM_CFLAGS) $(ELFUTILS_CFLAGS) $(JANSSON_CFLAGS)
reports_libreports_a_SOURCES = \
	reports/atomics.c \
	reports/atomics.h \
	reports/blocked.c \
	reports/blocked.h \
	reports/code.c \
	reports/code.h \
	reports/details.def \
	reports/elf_image.c \
	reports/elf_image.h \
	reports/executions.c \
	reports/executions.h \
	reports/explain.c \
	reports/explain.def \
	reports/explain.h \
	reports/explain_action.c \
	reports/explain_memory.c \
	reports/explain_memory.h \
	reports/fingerprint.c \
	reports/fingerprint.h \
	reports/formats.def \
	reports/json.c \
	reports/json.h \
	reports/json_memory.c \
	reports/json_memory.h \
	reports/json_parts.c \
	reports/json_parts.h \
	reports/losses.c \
	reports/losses.h \
	reports/memory.c \
	reports/memory.h \
	reports/model.c \
	reports/model.h \
	reports/model_import.c \
	reports/model_import.h \
	reports/model_read.c \
	reports/model_read.h \
	reports/names.c \
	reports/names.h \
	reports/pointee.c \
	reports/pointee.h \
	reports/pool.c \
	reports/pool.h \
	reports/report.c \
	reports/report.h \
	reports/scopes.c \
	reports/scopes.h \
	reports/source_frame.c \
	reports/source_text.c \
	reports/source_text.h \
	reports/symbolize.c \
	reports/symbolize.h \
	reports/text.c \
	reports/text.h \
	reports/text_finding.c \
	reports/text_finding.h \
	reports/text_memory.c \
	reports/text_memory.h \
	reports/text_parts.c \
	reports/text_parts.h \
	reports/type_names.c \
	reports/types.c \
	reports/types.h \
	reports/variables.c \
	reports/variables.h \
	reports/view.c \
	reports/view.h
