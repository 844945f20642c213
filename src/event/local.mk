src_libcore_a_SOURCES += \
	%D%/actions.def \
	%D%/counters.def \
	%D%/finding.c %D%/finding.h \
	%D%/kinds.def \
	%D%/objects.def \
	%D%/options.c %D%/options_text.c %D%/options.def %D%/options.h \
	%D%/events.def \
	%D%/name_table.c %D%/name_table.h \
	%D%/results.c %D%/results.h \
	%D%/script.c %D%/script.h %D%/script_build.h \
	%D%/script_std.c %D%/script_text.c
