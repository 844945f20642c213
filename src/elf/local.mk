src_libcore_a_SOURCES += \
	%D%/cursor.h \
	%D%/eh_frame.c %D%/eh_frame.h \
	%D%/file.c %D%/file.h \
	%D%/image.c %D%/image.h \
	%D%/mapped_file.c %D%/mapped_file.h \
	%D%/privilege.c %D%/privilege.h \
	%D%/references.c \
	%D%/target.c %D%/target.h
