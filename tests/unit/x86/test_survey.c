#include <check.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "x86/emit/patches.h"
#include "x86/survey/survey.h"

/* What is looked at is this very program, with the functions of survey_guest.S. */
static struct decoder decoder;
static struct image image;
static struct arena arena;
static struct survey survey;

/* Places, as distances from where these are. */
#define GUEST(name) extern const int32_t at_##name
#define PLACE(name) ((const unsigned char *)&at_##name + at_##name)
GUEST(guest_callee);
GUEST(guest_calls);
GUEST(guest_calls_after);
GUEST(guest_calls_end);
GUEST(guest_switch);
GUEST(guest_switch_0);
GUEST(guest_distances);
GUEST(guest_distances_1);
GUEST(guest_distances_2);
GUEST(guest_distances_given);
GUEST(guest_switch_1);
GUEST(guest_switch_2);
GUEST(guest_switch_default);
GUEST(guest_goto);
GUEST(guest_goto_0);
GUEST(guest_goto_1);
GUEST(guest_tail_call);
GUEST(guest_unknown);
GUEST(guest_unknown_atomics);
GUEST(guest_unknown_atomic);
GUEST(guest_into_instruction);
GUEST(guest_has_data);
GUEST(guest_hot);
GUEST(guest_hot_back);
GUEST(guest_cold);
GUEST(guest_short);
GUEST(guest_short_after);
GUEST(guest_loop_into_start);
GUEST(guest_loop);
GUEST(guest_loop_after);
GUEST(guest_runs_on);
GUEST(guest_is_run_into);
GUEST(guest_stub_end);
GUEST(guest_open_stub_end);
GUEST(guest_data_stub_end);
GUEST(guest_endbr_inner);
GUEST(guest_uses_thunk);
GUEST(guest_frame);
GUEST(guest_escapes);
GUEST(guest_stopped_at_start);
GUEST(guest_stopped_within);
GUEST(guest_stopped_at_branch);
GUEST(guest_stopped_at_entry);
GUEST(guest_hardened);

static int take_image(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	const char *why;

	(void)size_bytes;
	(void)context;
	ck_assert_msg(image_from_memory(&image, "this", info->dlpi_phdr, info->dlpi_phnum,
					info->dlpi_addr, &why),
		      "%s", why);
	return 1; /* the program is the first */
}

static void survey_self(bool forgets)
{
	const char *why;

	ck_assert(decoder_init_linked(&decoder));
	dl_iterate_phdr(take_image, NULL);
	arena_init(&arena, pages_from_kernel);
	ck_assert_msg(survey_begin_open(&survey, &decoder, &image, &arena, &why), "%s", why);
	survey.forget_targets = forgets;
	survey_targets(&survey);
	survey_facts(&survey);
	survey_reach(&survey);
	patches_begin(&survey);
}

static void set_up(void)
{
	survey_self(false);
}

static void set_up_forgetful(void)
{
	survey_self(true);
}

static uint32_t offset_of(const unsigned char *place)
{
	return (uint32_t)(place - image.text);
}

static struct function *function_of(const unsigned char *place)
{
	struct function *function = module_find(&survey.module, offset_of(place));

	ck_assert_ptr_nonnull(function);
	return function;
}

static uint8_t reach_of(const unsigned char *place)
{
	const struct function *function = function_of(place);
	uint32_t index = function_find(function, offset_of(place));

	ck_assert_uint_ne(index, UINT32_MAX);
	return function->reach[index];
}

/* --- How code is reached ------------------------------------------------------------ */

START_TEST(function_start_and_what_follows_a_call_are_entries)
{
	ck_assert(reach_of(PLACE(guest_calls)) & REACH_ENTRY);
	ck_assert(reach_of(PLACE(guest_calls_after)) & REACH_ENTRY);
	ck_assert(!(reach_of(PLACE(guest_calls_end)) & REACH_ENTRY));
	ck_assert(reach_of(PLACE(guest_calls_end)) & REACH_BRANCH);
	ck_assert(function_of(PLACE(guest_calls))->has_call);
	ck_assert(function_of(PLACE(guest_callee))->is_called_directly);
}
END_TEST

START_TEST(rows_of_a_table_of_distances_are_entries)
{
	const struct function *function = function_of(PLACE(guest_switch));

	ck_assert(reach_of(PLACE(guest_switch_0)) & REACH_ENTRY);
	ck_assert(reach_of(PLACE(guest_switch_1)) & REACH_INDIRECT);
	ck_assert(reach_of(PLACE(guest_switch_2)) & REACH_ENTRY);
	ck_assert(!(reach_of(PLACE(guest_switch_default)) & REACH_ENTRY));
	ck_assert(function->has_jump_table);
	ck_assert(!function->has_unresolved_jump && !function->has_unknown_targets);
}
END_TEST

START_TEST(rows_of_distances_from_a_label_are_entries)
{
	const struct function *function = function_of(PLACE(guest_distances));

	ck_assert(reach_of(PLACE(guest_distances_1)) & REACH_INDIRECT);
	ck_assert(reach_of(PLACE(guest_distances_1)) & REACH_ENTRY);
	ck_assert(reach_of(PLACE(guest_distances_2)) & REACH_ENTRY);
	ck_assert(function->has_jump_table);
	ck_assert(!function->has_unresolved_jump && !function->has_unknown_targets);
	/* No table of the function has these. */
	ck_assert(function_of(PLACE(guest_distances_given))->has_unknown_targets);
}
END_TEST

START_TEST(labels_of_a_computed_goto_are_entries)
{
	const struct function *function = function_of(PLACE(guest_goto));

	ck_assert(reach_of(PLACE(guest_goto_0)) & REACH_INDIRECT);
	ck_assert(reach_of(PLACE(guest_goto_1)) & REACH_ENTRY);
	ck_assert(function->has_jump_table && !function->has_unresolved_jump);
}
END_TEST

START_TEST(tail_call_through_a_pointer_leaves_the_function)
{
	const struct function *function = function_of(PLACE(guest_tail_call));

	ck_assert(function->has_unresolved_jump && !function->has_unknown_targets);
}
END_TEST

START_TEST(jump_that_is_not_understood_may_lead_anywhere)
{
	ck_assert(function_of(PLACE(guest_unknown))->has_unknown_targets);
	ck_assert(function_of(PLACE(guest_uses_thunk))->has_unknown_targets);
	ck_assert(!function_of(PLACE(guest_calls))->has_unknown_targets);
}
END_TEST

START_TEST(forgotten_tables_make_jumps_unknown)
{
	ck_assert(function_of(PLACE(guest_switch))->has_unknown_targets);
	ck_assert(function_of(PLACE(guest_goto))->has_unknown_targets);
	ck_assert(!(reach_of(PLACE(guest_switch_1)) & REACH_ENTRY));
	ck_assert(!(reach_of(PLACE(guest_goto_1)) & REACH_ENTRY));
	ck_assert(!function_of(PLACE(guest_calls))->has_unknown_targets);
}
END_TEST

START_TEST(function_that_is_not_clear_is_left_alone)
{
	ck_assert(!function_of(PLACE(guest_into_instruction))->is_usable);
	ck_assert_str_eq(function_of(PLACE(guest_into_instruction))->why_not,
			 "something points into the middle of an instruction");
	ck_assert(!function_of(PLACE(guest_has_data))->is_usable);
	ck_assert(function_of(PLACE(guest_switch))->is_usable);
}
END_TEST

/* The byte under a breakpoint is not known, so it cannot be copied. */
static void check_breakpoint(const unsigned char *place)
{
	const struct function *function = function_of(place);

	ck_assert(!function->is_usable);
	ck_assert_ptr_nonnull(function->why_not);
	ck_assert_str_eq(function->why_not, "a debugger's breakpoint lies in it");
}

START_TEST(function_with_a_breakpoint_is_left_alone)
{
	check_breakpoint(PLACE(guest_stopped_at_start));
	check_breakpoint(PLACE(guest_stopped_within));
	check_breakpoint(PLACE(guest_stopped_at_branch));
	check_breakpoint(PLACE(guest_stopped_at_entry));
}
END_TEST

START_TEST(int3_behind_a_jump_is_no_breakpoint)
{
	ck_assert(function_of(PLACE(guest_hardened))->is_usable);
}
END_TEST

START_TEST(pieces_of_a_function_share_its_frame)
{
	uint32_t hot = survey_index(&survey, function_of(PLACE(guest_hot)));
	uint32_t cold = survey_index(&survey, function_of(PLACE(guest_cold)));

	ck_assert_uint_eq(survey_group(&survey, hot), survey_group(&survey, cold));
	ck_assert(reach_of(PLACE(guest_hot_back)) & REACH_ENTRY);
	ck_assert(reach_of(PLACE(guest_cold)) & REACH_ENTRY);
	ck_assert_uint_eq(function_of(PLACE(guest_cold))->red_zone_bytes, 8);
}
END_TEST

START_TEST(endbr_is_an_entry)
{
	ck_assert(reach_of(PLACE(guest_endbr_inner)) & REACH_ENTRY);
}
END_TEST

/* --- The stack ------------------------------------------------------------------------ */

START_TEST(frame_pointer_is_one_that_is_nothing_else)
{
	const struct function *function = function_of(PLACE(guest_frame));

	ck_assert(function->has_frame_pointer && !function->stack_escapes);
	ck_assert(function->instructions[2].memory & MEMORY_STACK);
	ck_assert(!(function->instructions[4].memory & MEMORY_STACK));
	ck_assert(!function_of(PLACE(guest_calls))->has_frame_pointer);
}
END_TEST

START_TEST(stack_escapes_when_its_address_is_taken)
{
	ck_assert(function_of(PLACE(guest_escapes))->stack_escapes);
	ck_assert(!function_of(PLACE(guest_calls))->stack_escapes);
}
END_TEST

/* --- Padding and patches ---------------------------------------------------------------- */

static bool is_padding_after(const unsigned char *place)
{
	return survey.marks[function_of(place)->end] == MARK_PADDING;
}

START_TEST(padding_is_what_nothing_runs_into)
{
	ck_assert(is_padding_after(PLACE(guest_short)));
	ck_assert(!is_padding_after(PLACE(guest_runs_on)));
	/* Bytes that are all the same may be data. */
	ck_assert(!is_padding_after(PLACE(guest_loop_into_start)));
}
END_TEST

START_TEST(padding_lies_behind_stubs_too)
{
	ck_assert(survey.marks[offset_of(PLACE(guest_stub_end))] == MARK_PADDING);
	ck_assert(survey.marks[offset_of(PLACE(guest_open_stub_end))] != MARK_PADDING);
	ck_assert(survey.marks[offset_of(PLACE(guest_data_stub_end))] != MARK_PADDING);
}
END_TEST

static struct patches patches;
static struct plan_statistics statistics;

/* Patches for a function all of whose accesses are to be checked. */
static void choose_patches(const unsigned char *place)
{
	struct function *function = function_of(place);
	bool *wanted = calloc(function->count, sizeof(*wanted));

	for (uint32_t i = 0; i < function->count; i++)
		wanted[i] = (function->instructions[i].memory & (MEMORY_READ | MEMORY_WRITE)) != 0;
	memset(&patches, 0, sizeof(patches));
	memset(&statistics, 0, sizeof(statistics));
	patches_choose(&survey, survey_index(&survey, function), wanted, &patches, &statistics);
	free(wanted);
}

/* The patch at a place, or NULL. */
static const struct chosen_patch *patch_at(const unsigned char *place)
{
	for (uint32_t i = 0; i < patches.count; i++)
		if (patches.rows[i].offset == offset_of(place))
			return &patches.rows[i];
	return NULL;
}

START_TEST(entries_with_room_get_long_jumps)
{
	choose_patches(PLACE(guest_calls));
	ck_assert_ptr_nonnull(patch_at(PLACE(guest_calls_after)));
	ck_assert_uint_eq(patch_at(PLACE(guest_calls_after))->island, 0);
	ck_assert_ptr_null(patch_at(PLACE(guest_calls_end)));
	ck_assert_uint_eq(statistics.entries_unpatched, 0);
	ck_assert_uint_eq(statistics.accesses_native, 0);
}
END_TEST

START_TEST(entries_that_lead_to_no_access_stay)
{
	choose_patches(PLACE(guest_calls));
	/* Up to the call it only saves a register. */
	ck_assert_ptr_null(patch_at(PLACE(guest_calls)));
	ck_assert(reach_of(PLACE(guest_calls)) & REACH_NATIVE);
}
END_TEST

START_TEST(entries_without_room_jump_to_padding)
{
	const struct chosen_patch *patch;

	choose_patches(PLACE(guest_short));
	patch = patch_at(PLACE(guest_short_after));
	ck_assert_ptr_nonnull(patch);
	ck_assert_uint_ge(patch->island, function_of(PLACE(guest_short))->end);
	ck_assert_uint_eq(survey.marks[patch->island], 0);
}
END_TEST

START_TEST(no_patch_covers_what_still_runs)
{
	choose_patches(PLACE(guest_loop_into_start));
	/* From the return the original goes on to PLACE(guest_loop), inside of what a
	 * long jump at the start would overwrite. */
	if (!patch_at(PLACE(guest_loop_after)))
		ck_assert_ptr_null(patch_at(PLACE(guest_loop_into_start)));
	choose_patches(PLACE(guest_unknown));
	for (uint32_t i = 0; i < patches.count; i++) {
		const struct function *function = function_of(PLACE(guest_unknown));
		uint32_t index = function_find(function, patches.rows[i].offset);
		uint32_t length = function->instructions[index].length;

		ck_assert_uint_ge(length, patches.rows[i].island ? 2 : 5);
	}
}
END_TEST

START_TEST(atomics_that_would_run_in_the_original_are_entries)
{
	choose_patches(PLACE(guest_unknown_atomics));
	ck_assert_ptr_nonnull(patch_at(PLACE(guest_unknown_atomic)));
	ck_assert(reach_of(PLACE(guest_unknown_atomic)) & REACH_ENTRY);
	ck_assert(!(reach_of(PLACE(guest_unknown_atomic)) & REACH_NATIVE));
	ck_assert_uint_eq(statistics.atomics_native, 0);
	/* The store behind it is none. */
	ck_assert_uint_eq(statistics.accesses_native, 1);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("survey");
	TCase *tests = tcase_create("survey");
	TCase *forgetful = tcase_create("forgetful");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, function_start_and_what_follows_a_call_are_entries);
	tcase_add_test(tests, rows_of_a_table_of_distances_are_entries);
	tcase_add_test(tests, rows_of_distances_from_a_label_are_entries);
	tcase_add_test(tests, labels_of_a_computed_goto_are_entries);
	tcase_add_test(tests, tail_call_through_a_pointer_leaves_the_function);
	tcase_add_test(tests, jump_that_is_not_understood_may_lead_anywhere);
	tcase_add_test(tests, function_that_is_not_clear_is_left_alone);
	tcase_add_test(tests, function_with_a_breakpoint_is_left_alone);
	tcase_add_test(tests, int3_behind_a_jump_is_no_breakpoint);
	tcase_add_test(tests, pieces_of_a_function_share_its_frame);
	tcase_add_test(tests, endbr_is_an_entry);
	tcase_add_test(tests, frame_pointer_is_one_that_is_nothing_else);
	tcase_add_test(tests, stack_escapes_when_its_address_is_taken);
	tcase_add_test(tests, padding_is_what_nothing_runs_into);
	tcase_add_test(tests, padding_lies_behind_stubs_too);
	tcase_add_test(tests, entries_with_room_get_long_jumps);
	tcase_add_test(tests, entries_that_lead_to_no_access_stay);
	tcase_add_test(tests, entries_without_room_jump_to_padding);
	tcase_add_test(tests, no_patch_covers_what_still_runs);
	tcase_add_test(tests, atomics_that_would_run_in_the_original_are_entries);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(forgetful, set_up_forgetful, NULL);
	tcase_add_test(forgetful, forgotten_tables_make_jumps_unknown);
	suite_add_tcase(suite, forgetful);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
