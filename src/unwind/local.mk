src_libcore_a_SOURCES += \
	%D%/arch.h %D%/arch_x86_64.h \
	%D%/cache.c %D%/cache.h \
	%D%/caller.c \
	%D%/expression.c %D%/expression.h \
	%D%/frame.c %D%/frame.h \
	%D%/registers.c %D%/registers.h \
	%D%/rules.c %D%/rules.h \
	%D%/site_memo.c %D%/site_memo.h \
	%D%/stack_memo.c %D%/stack_memo.h \
	%D%/unwind.c %D%/unwind.h
