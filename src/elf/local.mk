src_libcore_a_SOURCES += \
	%D%/cursor.h \
	%D%/eh_frame.c %D%/eh_frame.h \
	%D%/image.c %D%/image.h \
	%D%/target.c %D%/target.h
