src_libplan_a_SOURCES += \
	%D%/checks.c %D%/checks.h \
	%D%/classify.c \
	%D%/emit.c %D%/emit.h \
	%D%/emit_check.c %D%/emit_check.h \
	%D%/encode.c %D%/encode.h \
	%D%/function.h \
	%D%/instruction.h \
	%D%/liveness.c %D%/liveness.h \
	%D%/module.c %D%/module.h \
	%D%/operand.h \
	%D%/plan.h \
	%D%/returns.c \
	%D%/slices.c %D%/slices.h \
	%D%/thunk.h
