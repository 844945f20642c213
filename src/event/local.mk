src_libcore_a_SOURCES += \
	%D%/actions.def \
	%D%/counters.def \
	%D%/finding.c %D%/finding.h \
	%D%/kinds.def \
	%D%/objects.def \
	%D%/options.c %D%/options_text.c %D%/options.def %D%/options.h \
	%D%/results.c %D%/results.h
