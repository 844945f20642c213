# Plans of whole files.  Cloned code: run beside the original in a laboratory,
# looked at, and verified.

x86_tests = \
	tests/unit/x86/test_checks \
	tests/unit/x86/test_decode \
	tests/unit/x86/test_emit \
	tests/unit/x86/test_lanes \
	tests/unit/x86/test_liveness \
	tests/unit/x86/test_pattern \
	tests/unit/x86/test_plan \
	tests/unit/x86/test_plan_cache \
	tests/unit/x86/test_plan_file \
	tests/unit/x86/test_update_groups \
	tests/unit/x86/test_survey \
	tests/unit/x86/test_verify

# Code to clone: the same sources under several names, each with the options
# that give it its name.  Kernels are run, updates are only looked at.
code_kernels = \
	tests/unit/x86/libkernels_o0.a tests/unit/x86/libkernels_o1.a tests/unit/x86/libkernels_o2.a \
	tests/unit/x86/libkernels_o3.a tests/unit/x86/libkernels_os.a \
	tests/unit/x86/libkernels_u0.a tests/unit/x86/libkernels_u1.a tests/unit/x86/libkernels_u2.a \
	tests/unit/x86/libkernels_u3.a
check_LIBRARIES += $(code_kernels)
KERNEL_OPTIONS = -g -fno-jump-tables $(SNARL_KERNEL_OPTIONS)

tests_unit_x86_libkernels_o0_a_CPPFLAGS = -DKERNEL_NAME=o0
tests_unit_x86_libkernels_o0_a_SOURCES = tests/unit/x86/lab/code_kernels.c
tests/unit/x86/lab/libkernels_o0_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O0

tests_unit_x86_libkernels_o1_a_CPPFLAGS = -DKERNEL_NAME=o1
tests_unit_x86_libkernels_o1_a_SOURCES = tests/unit/x86/lab/code_kernels.c
tests/unit/x86/lab/libkernels_o1_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O1

tests_unit_x86_libkernels_o2_a_CPPFLAGS = -DKERNEL_NAME=o2
tests_unit_x86_libkernels_o2_a_SOURCES = tests/unit/x86/lab/code_kernels.c
tests/unit/x86/lab/libkernels_o2_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O2

tests_unit_x86_libkernels_o3_a_CPPFLAGS = -DKERNEL_NAME=o3
tests_unit_x86_libkernels_o3_a_SOURCES = tests/unit/x86/lab/code_kernels.c
tests/unit/x86/lab/libkernels_o3_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O3

tests_unit_x86_libkernels_os_a_CPPFLAGS = -DKERNEL_NAME=os
tests_unit_x86_libkernels_os_a_SOURCES = tests/unit/x86/lab/code_kernels.c
tests/unit/x86/lab/libkernels_os_a-code_kernels.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -Os

tests_unit_x86_libkernels_u0_a_CPPFLAGS = -DKERNEL_NAME=u0
tests_unit_x86_libkernels_u0_a_SOURCES = tests/unit/x86/lab/code_updates.c
tests/unit/x86/lab/libkernels_u0_a-code_updates.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O0

tests_unit_x86_libkernels_u1_a_CPPFLAGS = -DKERNEL_NAME=u1
tests_unit_x86_libkernels_u1_a_SOURCES = tests/unit/x86/lab/code_updates.c
tests/unit/x86/lab/libkernels_u1_a-code_updates.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O1

tests_unit_x86_libkernels_u2_a_CPPFLAGS = -DKERNEL_NAME=u2
tests_unit_x86_libkernels_u2_a_SOURCES = tests/unit/x86/lab/code_updates.c
tests/unit/x86/lab/libkernels_u2_a-code_updates.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O2

tests_unit_x86_libkernels_u3_a_CPPFLAGS = -DKERNEL_NAME=u3
tests_unit_x86_libkernels_u3_a_SOURCES = tests/unit/x86/lab/code_updates.c
tests/unit/x86/lab/libkernels_u3_a-code_updates.$(OBJEXT): CFLAGS = $(KERNEL_OPTIONS) -O3

built_from_code = \
	tests/unit/x86/lab/libkernels_o0_a-code_kernels.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_o1_a-code_kernels.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_o2_a-code_kernels.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_o3_a-code_kernels.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_os_a-code_kernels.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_u0_a-code_updates.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_u1_a-code_updates.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_u2_a-code_updates.$(OBJEXT) \
	tests/unit/x86/lab/libkernels_u3_a-code_updates.$(OBJEXT)
$(built_from_code): AM_CFLAGS = -std=gnu11 -Wall -Wextra

code_lab = \
	tests/unit/x86/lab/code_lab.c tests/unit/x86/lab/code_lab.h \
	tests/unit/x86/lab/code_compare.c tests/unit/x86/lab/code_thunks.c \
	tests/unit/x86/lab/code_lab_entry.S tests/unit/x86/lab/code_case.h \
	tests/unit/x86/lab/code_picks.S tests/unit/x86/lab/code_ranges.S \
	tests/unit/x86/lab/code_elements.S tests/unit/x86/lab/code_samples.S \
	tests/unit/x86/lab/code_updates_stubs.c
# A library's member is linked only if somebody asks for one of its names.
CODE_LAB_LINKING = \
	-Wl,-u,o0_sum -Wl,-u,o1_sum -Wl,-u,o2_sum -Wl,-u,o3_sum -Wl,-u,os_sum \
	-Wl,-u,u0_spin -Wl,-u,u1_spin -Wl,-u,u2_spin -Wl,-u,u3_spin
CODE_LAB_LIBS = $(code_kernels) src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_checks_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_checks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_checks_SOURCES = tests/unit/x86/test_checks.c $(code_lab)
tests_unit_x86_test_checks_LDFLAGS = $(CODE_LAB_LINKING)
tests_unit_x86_test_checks_LDADD = $(CODE_LAB_LIBS)

tests_unit_x86_test_emit_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_emit_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_emit_SOURCES = tests/unit/x86/test_emit.c $(code_lab)
tests_unit_x86_test_emit_LDFLAGS = $(CODE_LAB_LINKING)
tests_unit_x86_test_emit_LDADD = $(CODE_LAB_LIBS)

tests_unit_x86_test_liveness_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_liveness_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_liveness_SOURCES = tests/unit/x86/test_liveness.c $(code_lab)
tests_unit_x86_test_liveness_LDFLAGS = $(CODE_LAB_LINKING)
tests_unit_x86_test_liveness_LDADD = $(CODE_LAB_LIBS)

tests_unit_x86_test_update_groups_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_update_groups_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_update_groups_SOURCES = tests/unit/x86/test_update_groups.c $(code_lab)
tests_unit_x86_test_update_groups_LDFLAGS = $(CODE_LAB_LINKING)
tests_unit_x86_test_update_groups_LDADD = $(CODE_LAB_LIBS)

tests_unit_x86_test_verify_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_verify_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_verify_SOURCES = tests/unit/x86/test_verify.c $(code_lab)
tests_unit_x86_test_verify_LDFLAGS = $(CODE_LAB_LINKING)
tests_unit_x86_test_verify_LDADD = src/libverify.a $(CODE_LAB_LIBS)

$(tests_unit_x86_test_checks_OBJECTS) $(tests_unit_x86_test_emit_OBJECTS) \
$(tests_unit_x86_test_liveness_OBJECTS) $(tests_unit_x86_test_update_groups_OBJECTS) \
$(tests_unit_x86_test_verify_OBJECTS): | $(OFFSETS).h

tests_unit_x86_test_decode_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_decode_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_decode_SOURCES = tests/unit/x86/test_decode.c
tests_unit_x86_test_decode_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_lanes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_lanes_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_lanes_SOURCES = tests/unit/x86/test_lanes.c tests/unit/x86/lane_samples.def
tests_unit_x86_test_lanes_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_pattern_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_pattern_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_pattern_SOURCES = tests/unit/x86/test_pattern.c
tests_unit_x86_test_pattern_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_plan_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_plan_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_plan_SOURCES = tests/unit/x86/test_plan.c
tests_unit_x86_test_plan_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_plan_cache_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_plan_cache_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_plan_cache_SOURCES = tests/unit/x86/test_plan_cache.c
tests_unit_x86_test_plan_cache_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

# It looks for libm in memory, and so needs a function of it.
tests_unit_x86_test_plan_file_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_plan_file_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_plan_file_SOURCES = tests/unit/x86/test_plan_file.c
tests_unit_x86_test_plan_file_LDFLAGS = -Wl,--no-as-needed -lm
tests_unit_x86_test_plan_file_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis

tests_unit_x86_test_survey_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_x86_test_survey_CFLAGS = $(UNIT_CFLAGS)
tests_unit_x86_test_survey_SOURCES = tests/unit/x86/test_survey.c tests/unit/x86/survey_guest.S
tests_unit_x86_test_survey_LDADD = src/libplan.a src/libcore.a $(CHECK_LIBS) -lZydis
