#include <check.h>
#include <stdlib.h>

#include "lab/code_lab.h"
#include "x86/liveness/liveness.h"

static struct lab lab;

/* What is live before the instruction at @index of the function called @name. */
static uint32_t live_at(const char *name, uint32_t index)
{
	const struct function *function = lab_function(&lab, name);
	uint32_t live[256];

	ck_assert_uint_lt(function->count, ARRAY_LENGTH(live));
	liveness_compute(&lab.module, function, live);
	return live[index];
}

START_TEST(register_about_to_be_overwritten_is_dead)
{
	uint32_t live = live_at("load", 0);

	ck_assert_uint_eq(live & REGISTER_BIT(RAX), 0);
	ck_assert_uint_ne(live & REGISTER_BIT(RDI), 0);
	ck_assert_uint_ne(live & REGISTER_BIT(RCX), 0);
}
END_TEST

START_TEST(flags_are_alive_between_who_sets_and_who_needs_them)
{
	ck_assert_uint_eq(live_at("flags_alive", 0) & FLAGS_ALL, 0);
	ck_assert_uint_ne(live_at("flags_alive", 1) & FLAGS_ALL, 0);
}
END_TEST

START_TEST(loop_keeps_alive_what_its_next_round_needs)
{
	/* At the branch back: the counter and the pointers. */
	uint32_t live = live_at("loop_of_loads", 4);

	ck_assert_uint_ne(live & REGISTER_BIT(RDX), 0);
	ck_assert_uint_ne(live & REGISTER_BIT(RSI), 0);
	ck_assert_uint_ne(live & REGISTER_BIT(RAX), 0);
}
END_TEST

START_TEST(everything_is_alive_at_the_return_to_strangers)
{
	const struct function *function = lab_function(&lab, "load");

	ck_assert(liveness_of_returns(&lab.module, &lab.arena));
	ck_assert_uint_eq(function->live_at_return & REGISTERS_ALL, REGISTERS_ALL);
	/* Flags aside, as unknown callers follow the ABI there. */
	ck_assert_uint_eq(function->live_at_return & FLAGS_ALL, 0);
}
END_TEST

START_TEST(known_callers_say_what_they_need)
{
	struct function *function = lab_function(&lab, "is_known");

	function->is_exported = false;
	ck_assert(liveness_of_returns(&lab.module, &lab.arena));
	ck_assert_uint_ne(function->live_at_return & REGISTER_BIT(RAX), 0);
	ck_assert_uint_ne(function->live_at_return & REGISTER_BIT(R9), 0);
	ck_assert_uint_ne(function->live_at_return & FLAGS_ALL, 0);
	ck_assert_uint_eq(function->live_at_return & REGISTER_BIT(RBX), 0);
}
END_TEST

START_TEST(unknown_caller_makes_all_alive)
{
	struct function *function = lab_function(&lab, "is_known");

	function->is_exported = false;
	function->reach[0] |= REACH_INDIRECT;
	ck_assert(liveness_of_returns(&lab.module, &lab.arena));
	ck_assert_uint_eq(function->live_at_return & REGISTERS_ALL, REGISTERS_ALL);
	ck_assert_uint_ne(function->live_at_return & FLAGS_ALL, 0);
}
END_TEST

START_TEST(carry_goes_through_a_call)
{
	lab_function(&lab, "is_handed_carry")->is_exported = false;
	ck_assert(liveness_of_returns(&lab.module, &lab.arena));
	ck_assert_uint_ne(live_at("hands_carry", 1) & FLAGS_ALL, 0);
}
END_TEST

START_TEST(return_that_is_a_jump_needs_all)
{
	const struct function *function = lab_function(&lab, "makes_its_return");

	ck_assert(liveness_of_returns(&lab.module, &lab.arena));
	ck_assert_uint_eq(function->live_at_return, REGISTERS_ALL | FLAGS_ALL);
}
END_TEST

static void set_up(void)
{
	lab_set_up(&lab, false);
}

int main(void)
{
	Suite *suite = suite_create("liveness");
	TCase *tcase = tcase_create("liveness");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, register_about_to_be_overwritten_is_dead);
	tcase_add_test(tcase, flags_are_alive_between_who_sets_and_who_needs_them);
	tcase_add_test(tcase, loop_keeps_alive_what_its_next_round_needs);
	tcase_add_test(tcase, everything_is_alive_at_the_return_to_strangers);
	tcase_add_test(tcase, known_callers_say_what_they_need);
	tcase_add_test(tcase, unknown_caller_makes_all_alive);
	tcase_add_test(tcase, carry_goes_through_a_call);
	tcase_add_test(tcase, return_that_is_a_jump_needs_all);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
