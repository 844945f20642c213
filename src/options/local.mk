src_libcore_a_SOURCES += \
	%D%/formats.def %D%/nearest.c %D%/nearest.h %D%/options.c %D%/options.def %D%/options.h \
	%D%/text.c
