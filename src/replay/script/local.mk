src_libcore_a_SOURCES += \
	%D%/build.h \
	%D%/events.def \
	%D%/name_table.c %D%/name_table.h \
	%D%/script.c %D%/script.h \
	%D%/std.c \
	%D%/text.c
