#include <check.h>
#include <stdlib.h>

#include "detect/data/vclock.h"

static struct arena arena;
static int chunks_left;

static void *pages_from_libc(size_t size_bytes)
{
	if (chunks_left == 0)
		return NULL;
	chunks_left--;
	return calloc(1, size_bytes);
}

static void set_up(void)
{
	chunks_left = 1000;
	arena_init(&arena, pages_from_libc);
}

/* A clock that has @epochs in its first slots. */
static struct vclock clock_of(uint32_t count, const uint64_t *epochs)
{
	struct vclock clock = {0};

	for (uint32_t slot = 0; slot < count; slot++)
		ck_assert(vclock_set(&clock, &arena, slot, epochs[slot]));
	return clock;
}

START_TEST(missing_entries_are_zero)
{
	struct vclock clock = {0};

	ck_assert_uint_eq(vclock_get(&clock, 0), 0);
	ck_assert(vclock_set(&clock, &arena, 100, 7));
	ck_assert_uint_eq(vclock_get(&clock, 99), 0);
	ck_assert_uint_eq(vclock_get(&clock, 100), 7);
	ck_assert_uint_eq(vclock_get(&clock, 101), 0);
	ck_assert_uint_eq(snapshot_get(NULL, 3), 0);
}
END_TEST

START_TEST(join_covers_both_inputs)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 8});
	struct vclock b = clock_of(4, (uint64_t[]){5, 2, 0, 1});
	struct vclock_snapshot *given = vclock_snapshot(&b, &arena);

	ck_assert(vclock_join(&a, &arena, given));
	ck_assert_uint_eq(vclock_get(&a, 0), 5);
	ck_assert_uint_eq(vclock_get(&a, 1), 8);
	ck_assert_uint_eq(vclock_get(&a, 2), 0);
	ck_assert_uint_eq(vclock_get(&a, 3), 1);
}
END_TEST

START_TEST(joining_what_is_covered_changes_nothing)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 8});
	struct vclock_snapshot *given = vclock_snapshot(&a, &arena);

	ck_assert(!vclock_join(&a, &arena, given));
	ck_assert(!vclock_join(&a, &arena, NULL));
	ck_assert_ptr_eq(vclock_snapshot(&a, &arena), given);
}
END_TEST

START_TEST(a_base_is_behind_in_its_own_entry_alone)
{
	struct vclock clock = clock_of(2, (uint64_t[]){1, 5});
	struct vclock_snapshot *base = vclock_base(&clock, &arena);
	struct vclock_snapshot *exact;

	vclock_advance(&clock, &arena, 0, 2);
	ck_assert_ptr_eq(vclock_base(&clock, &arena), base);
	ck_assert_uint_eq(snapshot_get(base, 0), 1);
	ck_assert_uint_eq(vclock_get(&clock, 0), 2);
	exact = vclock_snapshot(&clock, &arena);
	ck_assert_uint_eq(snapshot_get(exact, 0), 2);
	ck_assert_ptr_eq(vclock_base(&clock, &arena), exact);
	vclock_raise(&clock, &arena, 1, 6);
	ck_assert_uint_eq(snapshot_get(vclock_base(&clock, &arena), 1), 6);
}
END_TEST

START_TEST(a_snapshot_keeps_what_it_was_made_of)
{
	struct vclock clock = clock_of(1, (uint64_t[]){1});
	struct vclock_snapshot *before = vclock_snapshot(&clock, &arena);
	struct vclock_snapshot *after;

	vclock_set(&clock, &arena, 0, 2);
	after = vclock_snapshot(&clock, &arena);
	ck_assert_uint_eq(snapshot_get(before, 0), 1);
	ck_assert_uint_eq(snapshot_get(after, 0), 2);
}
END_TEST

START_TEST(a_snapshot_outlives_its_clock)
{
	struct vclock clock = clock_of(1, (uint64_t[]){9});
	struct vclock_snapshot *kept = vclock_snapshot(&clock, &arena);
	struct vclock other;

	vclock_free(&clock, &arena);
	other = clock_of(1, (uint64_t[]){4});
	vclock_snapshot(&other, &arena);
	ck_assert_uint_eq(snapshot_get(kept, 0), 9);
	snapshot_drop(kept, &arena);
}
END_TEST

START_TEST(merging_covers_both_and_takes_none)
{
	struct vclock a = clock_of(1, (uint64_t[]){3});
	struct vclock b = clock_of(2, (uint64_t[]){1, 2});
	struct vclock_snapshot *of_a = vclock_snapshot(&a, &arena);
	struct vclock_snapshot *of_b = vclock_snapshot(&b, &arena);
	struct vclock_snapshot *both = snapshot_merge(of_a, of_b, &arena);

	ck_assert_uint_eq(snapshot_get(both, 0), 3);
	ck_assert_uint_eq(snapshot_get(both, 1), 2);
	ck_assert_ptr_eq(snapshot_merge(of_a, NULL, &arena), of_a);
	ck_assert_ptr_eq(snapshot_merge(NULL, of_b, &arena), of_b);
	ck_assert_ptr_null(snapshot_merge(NULL, NULL, &arena));
}
END_TEST

/* Who joins it would have as many entries. */
START_TEST(a_merged_snapshot_has_no_more_entries_than_are_known)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 1});
	struct vclock b = clock_of(3, (uint64_t[]){1, 2, 6});
	struct vclock c = clock_of(4, (uint64_t[]){1, 1, 1, 5});
	struct vclock_snapshot *into = vclock_snapshot(&a, &arena), *merged;
	const uint64_t all[] = {3, 2, 6, 5};

	snapshot_merge_clock(&into, &b, &arena);
	ck_assert_uint_eq(into->count, 3);
	merged = into;
	snapshot_merge_clock(&into, &c, &arena);
	ck_assert_ptr_eq(into, merged); /* there was room */
	ck_assert_uint_eq(into->count, 4);
	for (uint32_t slot = 0; slot < 4; slot++)
		ck_assert_uint_eq(snapshot_get(into, slot), all[slot]);
}
END_TEST

START_TEST(stamps_are_ordered_by_what_the_later_knew)
{
	struct vclock knows = clock_of(2, (uint64_t[]){5, 1});
	struct clock_stamp early = {.slot = 0, .epoch = 5};
	struct clock_stamp late = {.slot = 0, .epoch = 6};
	struct clock_stamp other = {.slot = 1, .epoch = 1};

	other.clock = vclock_snapshot(&knows, &arena);
	ck_assert(stamp_precedes(&early, &late));
	ck_assert(!stamp_precedes(&late, &early));
	ck_assert(stamp_precedes(&early, &other));
	ck_assert(!stamp_precedes(&other, &early));
	ck_assert(stamps_concurrent(&late, &other));
	ck_assert(!stamps_concurrent(&early, &other));
}
END_TEST

START_TEST(exhausted_memory_leaves_the_clock_as_it_was)
{
	struct vclock clock = clock_of(2, (uint64_t[]){3, 8});

	chunks_left = 0;
	ck_assert(!vclock_set(&clock, &arena, 1u << 20, 1));
	ck_assert_uint_eq(vclock_get(&clock, 0), 3);
	ck_assert_uint_eq(vclock_get(&clock, 1), 8);
	ck_assert_uint_eq(vclock_get(&clock, 1u << 20), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vclock");
	TCase *tests = tcase_create("vclock");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, missing_entries_are_zero);
	tcase_add_test(tests, join_covers_both_inputs);
	tcase_add_test(tests, joining_what_is_covered_changes_nothing);
	tcase_add_test(tests, a_base_is_behind_in_its_own_entry_alone);
	tcase_add_test(tests, a_snapshot_keeps_what_it_was_made_of);
	tcase_add_test(tests, a_snapshot_outlives_its_clock);
	tcase_add_test(tests, merging_covers_both_and_takes_none);
	tcase_add_test(tests, a_merged_snapshot_has_no_more_entries_than_are_known);
	tcase_add_test(tests, stamps_are_ordered_by_what_the_later_knew);
	tcase_add_test(tests, exhausted_memory_leaves_the_clock_as_it_was);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
