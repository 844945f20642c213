src_libplan_a_SOURCES += \
	%D%/function.h \
	%D%/instruction.h \
	%D%/plan.h \
	%D%/thunk.h
