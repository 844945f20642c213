# Cloned code: run beside the original in a laboratory.

x86_tests = \
	tests/unit/test_decode \
	tests/unit/test_emit \
	tests/unit/test_plan \
	tests/unit/test_survey
check_PROGRAMS += $(x86_tests)

# Kernels to clone: the same code under several names, each with the options
# that give it its name.
code_kernels = \
	tests/unit/libkernels_o0.a tests/unit/libkernels_o1.a tests/unit/libkernels_o2.a \
	tests/unit/libkernels_o3.a tests/unit/libkernels_os.a
check_LIBRARIES += $(code_kernels)
KERNEL_OPTIONS = -g -fno-jump-tables -fno-tree-loop-distribute-patterns

tests_unit_libkernels_o0_a_CPPFLAGS = -DKERNEL_NAME=o0
tests_unit_libkernels_o0_a_SOURCES = tests/unit/code_kernels.c
tests/unit/libkernels_o0_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O0

tests_unit_libkernels_o1_a_CPPFLAGS = -DKERNEL_NAME=o1
tests_unit_libkernels_o1_a_SOURCES = tests/unit/code_kernels.c
tests/unit/libkernels_o1_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O1

tests_unit_libkernels_o2_a_CPPFLAGS = -DKERNEL_NAME=o2
tests_unit_libkernels_o2_a_SOURCES = tests/unit/code_kernels.c
tests/unit/libkernels_o2_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O2

tests_unit_libkernels_o3_a_CPPFLAGS = -DKERNEL_NAME=o3
tests_unit_libkernels_o3_a_SOURCES = tests/unit/code_kernels.c
tests/unit/libkernels_o3_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O3

tests_unit_libkernels_os_a_CPPFLAGS = -DKERNEL_NAME=os
tests_unit_libkernels_os_a_SOURCES = tests/unit/code_kernels.c
tests/unit/libkernels_os_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -Os

built_from_code_kernels = \
	tests/unit/libkernels_o0_a-code_kernels.$(OBJEXT) \
	tests/unit/libkernels_o1_a-code_kernels.$(OBJEXT) \
	tests/unit/libkernels_o2_a-code_kernels.$(OBJEXT) \
	tests/unit/libkernels_o3_a-code_kernels.$(OBJEXT) \
	tests/unit/libkernels_os_a-code_kernels.$(OBJEXT)
$(built_from_code_kernels): AM_CFLAGS = -std=gnu11 -Wall -Wextra

code_lab = \
	tests/unit/code_lab.c tests/unit/code_lab.h \
	tests/unit/code_lab_entry.S tests/unit/code_samples.S
# A library's member is linked only if somebody asks for one of its names.
CODE_LAB_LDFLAGS = -Wl,-u,o0_sum -Wl,-u,o1_sum -Wl,-u,o2_sum -Wl,-u,o3_sum -Wl,-u,os_sum
CODE_LAB_LIBS = $(code_kernels) src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_test_emit_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_emit_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_emit_SOURCES = tests/unit/test_emit.c $(code_lab)
tests_unit_test_emit_LDFLAGS = $(CODE_LAB_LDFLAGS)
tests_unit_test_emit_LDADD = $(CODE_LAB_LIBS)

# --- Decoding and planning --------------------------------------------------------

PLAN_LIBS = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_test_decode_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_decode_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_decode_SOURCES = tests/unit/test_decode.c
tests_unit_test_decode_LDADD = $(PLAN_LIBS)

tests_unit_test_plan_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_plan_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c
tests_unit_test_plan_LDADD = $(PLAN_LIBS)

tests_unit_test_survey_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_survey_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_survey_SOURCES = tests/unit/test_survey.c tests/unit/survey_guest.S
tests_unit_test_survey_LDADD = $(PLAN_LIBS)
