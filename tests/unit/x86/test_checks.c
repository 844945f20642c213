#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lab/code_lab.h"
#include "x86/checks/checks.h"
#include "x86/liveness/liveness.h"

#define ROOM 512

static struct lab lab;

/* The checks of one function. */
static struct check checks[2 * ROOM];
static struct plan_site sites[2 * ROOM];
static uint32_t first_at[ROOM], live[ROOM];
static struct check_list list = {.checks = checks, .sites = sites, .first_at = first_at};

static const struct function *place_checks(const char *name)
{
	const struct function *function = lab_function(&lab, name);
	struct access_notes notes = {NULL, NULL};

	ck_assert_uint_lt(function->count, ROOM);
	liveness_compute(&lab.module, function, live);
	checks_place(&lab.module, function, live, &notes, &list);
	return function;
}

static uint32_t chain_length(const struct check *check)
{
	uint32_t length = 1;

	for (const struct plan_site *site = &sites[check->site]; site->next_member; length++)
		site = &sites[site->next_member - 1];
	return length;
}

START_TEST(every_access_has_a_site)
{
	const struct function *function = place_checks("sizes");

	ck_assert_uint_eq(list.site_count, 8);
	ck_assert_uint_eq(list.checked, 8);
	ck_assert_uint_eq(sites[0].offset, function->instructions[0].offset);
	ck_assert_uint_eq(sites[3].size_bytes, 8);
	ck_assert_uint_ne(sites[7].flags & PLAN_SITE_WRITE, 0);
}
END_TEST

START_TEST(two_halves_of_a_granule_become_one_check)
{
	place_checks("halves");
	ck_assert_uint_eq(checks[0].size_bytes, 8);
	ck_assert_uint_eq(chain_length(&checks[0]), 2);
	ck_assert_uint_eq(sites[sites[checks[0].site].next_member - 1].member_offset, 4);
	/* 34 and 36 are neighbours, but not halves of the same four bytes. */
	ck_assert_uint_eq(checks[list.count - 1].size_bytes, 2);
	ck_assert_uint_eq(checks[list.count - 2].size_bytes, 2);
}
END_TEST

START_TEST(store_with_a_check_before_those_of_other_accesses_says_so)
{
	place_checks("halves_in_turn");
	ck_assert_uint_eq(list.count, 4);
	ck_assert_uint_eq(list.site_count, 6);
	ck_assert_uint_ne(sites[4].flags & PLAN_SITE_EARLY, 0);
	/* It comes after a store, and has a check of its own. */
	ck_assert_uint_eq(sites[5].flags & PLAN_SITE_EARLY, 0);
}
END_TEST

START_TEST(stores_to_two_halves_have_a_check_each)
{
	place_checks("halves_stored");
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(no_check_serves_what_comes_behind_another_store)
{
	place_checks("store_amid");
	ck_assert_uint_eq(list.count, 3);
	ck_assert(!checks[0].is_write);
	ck_assert(checks[2].is_write);
	ck_assert_uint_eq(chain_length(&checks[2]), 1);
}
END_TEST

START_TEST(store_after_a_load_of_its_place_makes_one_check_of_a_write)
{
	place_checks("update_in_register");
	ck_assert_uint_eq(list.count, 2);
	ck_assert(checks[0].is_write);
	ck_assert_uint_eq(checks[0].place, 0);
	ck_assert_uint_eq(chain_length(&checks[0]), 2);
	/* The store is the head. */
	ck_assert_uint_ne(sites[checks[0].site].flags & PLAN_SITE_WRITE, 0);
	ck_assert_uint_eq(sites[sites[checks[0].site].next_member - 1].flags & PLAN_SITE_WRITE, 0);
}
END_TEST

START_TEST(store_that_may_not_happen_has_a_check_of_its_own)
{
	const struct function *function = place_checks("jumps_away");

	ck_assert_uint_eq(list.count, 2);
	ck_assert(!checks[0].is_write);
	ck_assert(checks[1].is_write);
	ck_assert_uint_gt(checks[1].place, function_find(function, function->start) + 2);
}
END_TEST

START_TEST(check_moves_to_where_flags_are_dead)
{
	place_checks("flags_alive");
	/* The first store stands behind the comparison; its check before. */
	ck_assert_uint_eq(checks[0].place, 0);
}
END_TEST

START_TEST(check_stays_behind_what_makes_its_address)
{
	const struct function *function = place_checks("addressing");

	for (uint32_t i = 0; i < list.count; i++) {
		uint32_t registers = operand_registers(&checks[i].operand);

		for (uint32_t k = checks[i].place; k < checks[i].instruction; k++)
			ck_assert_uint_eq(function->instructions[k].changes & registers, 0);
	}
}
END_TEST

/* At each check the frame is as at the access that it tells of. */
static void check_frames(const char *name, uint32_t frame)
{
	const struct function *function = place_checks(name);

	ck_assert_uint_eq(list.count, 2);
	for (uint32_t i = 0; i < list.count; i++)
		for (uint32_t k = checks[i].place;
		     function->instructions[k].offset < sites[checks[i].site].offset; k++)
			ck_assert_uint_eq(function->instructions[k].changes & frame, 0);
}

START_TEST(check_stays_in_its_frame)
{
	check_frames("update_around_push", REGISTER_BIT(RSP));
	check_frames("stores_around_frame", REGISTER_BIT(RSP) | REGISTER_BIT(RBP));
}
END_TEST

START_TEST(nothing_moves_across_a_locked_instruction)
{
	const struct function *function = place_checks("locked");

	for (uint32_t i = 0; i < list.count; i++)
		for (uint32_t k = checks[i].place; k < checks[i].instruction; k++)
			ck_assert(!checks_is_barrier(&lab.module, &function->instructions[k]));
}
END_TEST

START_TEST(checks_keep_the_order_of_their_accesses)
{
	place_checks("no_dead_register");
	for (uint32_t i = 1; i < list.count; i++) {
		ck_assert_uint_ge(checks[i].place, checks[i - 1].place);
		ck_assert_uint_ge(checks[i].instruction, checks[i - 1].instruction);
	}
}
END_TEST

static void assert_counts_looks(const char *name)
{
	place_checks(name);
	for (uint32_t i = 0; i < list.count; i++) {
		uint32_t before = i;

		while (before < list.count && checks[before].place <= checks[i].last)
			before++;
		ck_assert_uint_eq(sites[checks[i].site].flags >> PLAN_SITE_LOOKS_SHIFT, before - i);
	}
}

START_TEST(site_says_how_many_checks_are_made_before_its_access)
{
	assert_counts_looks("addressing");
	assert_counts_looks("halves_in_turn");
	/* Its second half comes after the other's check. */
	ck_assert_uint_ge(sites[checks[0].site].flags >> PLAN_SITE_LOOKS_SHIFT, 2);
}
END_TEST

START_TEST(private_stack_slots_have_no_check)
{
	const struct function *function = place_checks("red_zone");
	struct plan_statistics statistics = {0};

	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(checks_survey(&lab.module, function, &statistics), 2);
	ck_assert_uint_eq(statistics.on_stack, 4);
}
END_TEST

START_TEST(slots_whose_address_escapes_have)
{
	lab_function(&lab, "red_zone")->stack_escapes = true;
	place_checks("red_zone");
	ck_assert_uint_gt(list.count, 2);
}
END_TEST

static void set_up(void)
{
	lab_set_up(&lab, false);
}

static void expect_pick(const struct instruction *load, unsigned picked_if, unsigned behind)
{
	ck_assert_uint_eq(load->picked_if, picked_if);
	ck_assert_uint_eq(load->picked_behind, behind);
}

START_TEST(load_that_may_be_thrown_away_is_checked_under_a_condition)
{
	const struct instruction *code = place_checks("picked")->instructions;

	expect_pick(&code[1], CONDITION_UNEQUAL + 1, 0);
	expect_pick(&code[2], CONDITION_EQUAL + 1, 0);
	expect_pick(&code[4], CONDITION_BELOW + 1, 2);
	expect_pick(&code[7], CONDITION_EQUAL + 1, 3);
	expect_pick(&code[13], CONDITION_NOT_BELOW + 1, 0);
	expect_pick(&code[17], CONDITION_BELOW + 1, 0);
	expect_pick(&code[18], CONDITION_NOT_BELOW + 1, 2);
	expect_pick(&code[20], CONDITION_BELOW + 1, 0);
	ck_assert_uint_eq(list.count, 9);
	for (uint32_t i = 0; i < list.count; i++)
		ck_assert_int_eq(checks[i].picked_if != 0, checks[i].instruction != 16);
	ck_assert_uint_eq(checks[2].place, 6);
}
END_TEST

START_TEST(load_that_is_used_in_any_case_is_checked)
{
	place_checks("picked_and_used");
	ck_assert_uint_eq(list.count, 4);
	for (uint32_t i = 0; i < list.count; i++)
		ck_assert_uint_eq(checks[i].picked_if, 0);
	for (uint32_t i = 0; i < list.site_count; i++)
		ck_assert_uint_eq(sites[i].flags & PLAN_SITE_DOUBTFUL, 0);
}
END_TEST

START_TEST(load_whose_condition_comes_too_late_is_doubtful)
{
	const struct function *function = place_checks("picked_too_late");

	expect_pick(&function->instructions[0], 0, 0);
	ck_assert_uint_ne(sites[0].flags & PLAN_SITE_DOUBTFUL, 0);
}
END_TEST

START_TEST(second_truth_is_checked_if_the_first_is_true)
{
	const struct instruction *code = place_checks("picked_truth")->instructions;

	expect_pick(&code[2], CONDITION_UNEQUAL + 1, 0);
	expect_pick(&code[8], CONDITION_UNEQUAL + 1, 0);
	code = place_checks("picked_truth_and_used")->instructions;
	for (uint32_t i = 0; i < 19; i++)
		expect_pick(&code[i], 0, 0);
}
END_TEST

START_TEST(condition_behind_what_may_come_in_between_is_not_asked)
{
	const struct instruction *code = place_checks("picked_otherwise")->instructions;

	for (uint32_t i = 0; i < 15; i++)
		expect_pick(&code[i], 0, 0);
	code = place_checks("picked_and_updated")->instructions;
	expect_pick(&code[0], 0, 0);
}
END_TEST

START_TEST(load_under_a_condition_does_not_widen_the_check_of_its_neighbour)
{
	place_checks("picked_beside");
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(checks[0].size_bytes, 4);
	ck_assert_uint_eq(checks[1].picked_if, CONDITION_UNEQUAL + 1);
}
END_TEST

START_TEST(store_of_an_address_is_known)
{
	place_checks("addresses");
	ck_assert_uint_eq(list.site_count, 5);
	for (uint32_t i = 0; i < list.site_count; i++)
		ck_assert_int_eq((sites[i].flags & PLAN_SITE_ADDRESS) != 0, i < 2);
}
END_TEST

static bool all_is_read_only(const void *context, uint64_t address)
{
	(void)context;
	(void)address;
	return true;
}

START_TEST(absolute_operand_may_be_a_constant_at_a_fixed_address_alone)
{
	static const unsigned char load[] = {0x48, 0x8b, 0x04, 0x25, 0x10, 0, 0, 0};
	struct module module = {.text = load,
				.text_bytes = sizeof(load),
				.is_read_only = all_is_read_only};
	struct instruction instruction;
	struct function function = {.end = sizeof(load), .instructions = &instruction, .count = 1};

	ck_assert(instruction_decode(&lab.decoder, load, sizeof(load), 0, &instruction));
	ck_assert_int_ne(checks_classify(&module, &function, &instruction), ACCESS_READ_ONLY);
	module.is_fixed = true;
	ck_assert_int_eq(checks_classify(&module, &function, &instruction), ACCESS_READ_ONLY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("checks");
	TCase *tcase = tcase_create("checks");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, every_access_has_a_site);
	tcase_add_test(tcase, two_halves_of_a_granule_become_one_check);
	tcase_add_test(tcase, stores_to_two_halves_have_a_check_each);
	tcase_add_test(tcase,
		       store_with_a_check_before_those_of_other_accesses_says_so);
	tcase_add_test(tcase, no_check_serves_what_comes_behind_another_store);
	tcase_add_test(tcase, store_after_a_load_of_its_place_makes_one_check_of_a_write);
	tcase_add_test(tcase, store_that_may_not_happen_has_a_check_of_its_own);
	tcase_add_test(tcase, check_moves_to_where_flags_are_dead);
	tcase_add_test(tcase, check_stays_behind_what_makes_its_address);
	tcase_add_test(tcase, check_stays_in_its_frame);
	tcase_add_test(tcase, nothing_moves_across_a_locked_instruction);
	tcase_add_test(tcase, checks_keep_the_order_of_their_accesses);
	tcase_add_test(tcase, site_says_how_many_checks_are_made_before_its_access);
	tcase_add_test(tcase, private_stack_slots_have_no_check);
	tcase_add_test(tcase, slots_whose_address_escapes_have);
	tcase_add_test(tcase, load_that_may_be_thrown_away_is_checked_under_a_condition);
	tcase_add_test(tcase, load_that_is_used_in_any_case_is_checked);
	tcase_add_test(tcase, load_whose_condition_comes_too_late_is_doubtful);
	tcase_add_test(tcase, second_truth_is_checked_if_the_first_is_true);
	tcase_add_test(tcase, condition_behind_what_may_come_in_between_is_not_asked);
	tcase_add_test(tcase, load_under_a_condition_does_not_widen_the_check_of_its_neighbour);
	tcase_add_test(tcase, store_of_an_address_is_known);
	tcase_add_test(tcase, absolute_operand_may_be_a_constant_at_a_fixed_address_alone);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
