src_libcore_a_SOURCES += \
	%D%/events.def \
	%D%/name_table.c %D%/name_table.h \
	%D%/script.c %D%/script.h \
	%D%/script_build.h \
	%D%/script_std.c \
	%D%/script_text.c
