#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab/code_lab.h"

static struct lab lab;
static const char *const prefixes[] = {"u0", "u1", "u2", "u3"};

/* The first site of the kernel called <prefix>_@name that has all of @flags. */
static const struct plan_site *site_with(int prefix, const char *name, uint32_t flags)
{
	char full[64];
	const struct function *function;

	snprintf(full, sizeof(full), "%s_%s", prefixes[prefix], name);
	function = lab_function(&lab, full);
	for (uint32_t i = 0; i < lab.plan.site_count; i++) {
		const struct plan_site *site = &lab.plan.sites[i];

		if (site->offset >= function->start && site->offset < function->end &&
		    (site->flags & flags) == flags)
			return site;
	}
	return NULL;
}

static bool has_site(int prefix, const char *name, uint32_t flags)
{
	return site_with(prefix, name, flags) != NULL;
}

START_TEST(update_is_marked)
{
	static const char *const names[] = {"increment", "add_to_field", "add_to_double",
					    "set_bit", "turn_sense"};

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(has_site(_i, names[i], PLAN_SITE_WRITE | PLAN_SITE_UPDATE), "%s_%s",
			      prefixes[_i], names[i]);
}
END_TEST

START_TEST(split_update_shares_an_update_group)
{
	const struct plan_site *load =
		site_with(_i, "split", PLAN_SITE_READ | PLAN_SITE_MAY_BE_STALE);
	const struct plan_site *store = site_with(_i, "split", PLAN_SITE_WRITE | PLAN_SITE_UPDATE);

	ck_assert_msg(load && store, "%s", prefixes[_i]);
	ck_assert_uint_ne(load->update_group, 0);
	ck_assert_uint_eq(load->update_group, store->update_group);
}
END_TEST

START_TEST(what_a_call_comes_between_may_be_split)
{
	static const char *const names[] = {"split", "decide", "split_seldom"};

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(has_site(_i, names[i], PLAN_SITE_READ | PLAN_SITE_MAY_BE_SPLIT),
			      "%s_%s", prefixes[_i], names[i]);
}
END_TEST

START_TEST(what_no_call_comes_between_is_whole)
{
	static const char *const names[] = {"increment", "add_to_field", "advance",
					    "whole_in_loop"};

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(!has_site(_i, names[i], PLAN_SITE_MAY_BE_SPLIT), "%s_%s",
			      prefixes[_i], names[i]);
	ck_assert(has_site(_i, "whole_in_loop", PLAN_SITE_READ | PLAN_SITE_MAY_BE_STALE));
}
END_TEST

START_TEST(decision_shares_an_update_group_with_what_it_guards)
{
	const struct plan_site *load = site_with(_i, "decide", PLAN_SITE_READ | PLAN_SITE_DECIDES);
	const struct plan_site *store = site_with(_i, "decide", PLAN_SITE_WRITE);

	ck_assert_msg(load && store, "%s", prefixes[_i]);
	ck_assert_uint_ne(load->update_group, 0);
	ck_assert_uint_eq(load->update_group, store->update_group);
}
END_TEST

START_TEST(round_that_goes_on_has_decided)
{
	ck_assert_msg(has_site(_i, "decide_or_go_on", PLAN_SITE_READ | PLAN_SITE_DECIDES), "%s",
		      prefixes[_i]);
}
END_TEST

START_TEST(who_waits_or_asserts_has_decided_nothing)
{
	static const char *const names[] = {"poll", "poll_for_ever", "assert_and_act"};

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(!has_site(_i, names[i], PLAN_SITE_DECIDES), "%s_%s", prefixes[_i],
			      names[i]);
}
END_TEST

START_TEST(store_of_what_was_looked_at_says_so)
{
	ck_assert(has_site(_i, "advance", PLAN_SITE_UPDATE | PLAN_SITE_EXAMINED));
	ck_assert(!has_site(_i, "add_to_field", PLAN_SITE_EXAMINED));
}
END_TEST

START_TEST(store_of_something_else_is_no_update)
{
	static const char *const names[] = {"store_constant", "copy", "swap", "store_sense"};

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(!has_site(_i, names[i], PLAN_SITE_UPDATE), "%s_%s", prefixes[_i],
			      names[i]);
	ck_assert(has_site(_i, "store_constant", PLAN_SITE_WRITE | PLAN_SITE_CONSTANT));
	ck_assert(!has_site(_i, "store_byte", PLAN_SITE_MAY_BE_STALE));
	ck_assert(!has_site(_i, "store_byte_of_slot", PLAN_SITE_MAY_BE_STALE));
}
END_TEST

START_TEST(decision_that_is_over_guards_nothing)
{
	ck_assert(!has_site(_i, "after_decision", PLAN_SITE_DECIDES));
}
END_TEST

START_TEST(load_that_a_loop_waits_for_is_a_spin)
{
	static const char *const names[] = {"spin", "spin_field", "spin_yield", "spin_pointer",
					    "spin_peeled", "spin_bounded"};
	/* At -O0 clang computes both conditions of the last one together. */
	unsigned count = ARRAY_LENGTH(names) - (_i == 0);

	for (unsigned i = 0; i < count; i++)
		ck_assert_msg(has_site(_i, names[i], PLAN_SITE_READ | PLAN_SITE_SPIN), "%s_%s",
			      prefixes[_i], names[i]);
}
END_TEST

static void check_all_spin(int prefix, const char *kernel)
{
	char name[64];
	const struct function *function;

	snprintf(name, sizeof(name), "%s_%s", prefixes[prefix], kernel);
	function = lab_function(&lab, name);
	for (uint32_t i = 0; i < lab.plan.site_count; i++) {
		const struct plan_site *site = &lab.plan.sites[i];

		if (site->offset >= function->start && site->offset < function->end &&
		    site->flags & PLAN_SITE_READ)
			ck_assert_msg(site->flags & PLAN_SITE_SPIN, "%s", name);
	}
}

START_TEST(all_loads_of_the_flag_are_spins)
{
	check_all_spin(_i, "spin_yield");
	check_all_spin(_i, "spin_peeled");
	check_all_spin(_i, "spin_turn");
}
END_TEST

START_TEST(loop_that_goes_on_by_itself_is_no_spin)
{
	ck_assert(!has_site(_i, "count_to_limit", PLAN_SITE_SPIN));
	ck_assert(!has_site(_i, "walk_list", PLAN_SITE_SPIN));
}
END_TEST

static void set_up(void)
{
	lab_set_up(&lab, false);
}

int main(void)
{
	Suite *suite = suite_create("update_groups");
	TCase *tcase = tcase_create("update_groups");
	SRunner *runner = srunner_create(suite);
	int count = (int)ARRAY_LENGTH(prefixes), failed;

	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, update_is_marked, 0, count);
	tcase_add_loop_test(tcase, split_update_shares_an_update_group, 0, count);
	tcase_add_loop_test(tcase, what_a_call_comes_between_may_be_split, 0, count);
	tcase_add_loop_test(tcase, what_no_call_comes_between_is_whole, 0, count);
	tcase_add_loop_test(tcase, decision_shares_an_update_group_with_what_it_guards, 0, count);
	tcase_add_loop_test(tcase, round_that_goes_on_has_decided, 0, count);
	tcase_add_loop_test(tcase, who_waits_or_asserts_has_decided_nothing, 0, count);
	tcase_add_loop_test(tcase, store_of_what_was_looked_at_says_so, 0, count);
	tcase_add_loop_test(tcase, store_of_something_else_is_no_update, 0, count);
	tcase_add_loop_test(tcase, decision_that_is_over_guards_nothing, 0, count);
	tcase_add_loop_test(tcase, load_that_a_loop_waits_for_is_a_spin, 0, count);
	tcase_add_loop_test(tcase, all_loads_of_the_flag_are_spins, 0, count);
	tcase_add_loop_test(tcase, loop_that_goes_on_by_itself_is_no_spin, 0, count);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
