src_libcore_a_SOURCES += \
	%D%/actions.def \
	%D%/counters.def \
	%D%/finding.c %D%/finding.h \
	%D%/kinds.def \
	%D%/objects.def \
	%D%/results.c %D%/results.h \
	%D%/timeline.c %D%/timeline.h
