/* Regions whose accesses the program asks not to observe, and the marks of their epochs. */
#include <check.h>

#include "detect/race/memory.h"
#include "detect/shadow/benign.h"
#include "detect/sync/thread.h"
#include "racing.h"

#define REGIONS_MANY 10000u

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
}

static void begin(struct thread *thread, bool is_write)
{
	benign_begin(&judge, memory_before_release(&judge, thread), is_write);
}

static void end(struct thread *thread, bool is_write)
{
	benign_end(&judge, memory_before_release(&judge, thread), is_write);
}

static void write_in_region(struct thread *thread, uint32_t offset)
{
	begin(thread, true);
	writes(thread, offset, 8);
	end(thread, true);
}

START_TEST(a_region_is_never_forgotten)
{
	set_up();
	write_in_region(a, 0);
	for (uint32_t i = 0; i < REGIONS_MANY; i++)
		write_in_region(a, 8);
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_BENIGN_RACES], 1);
}
END_TEST

/* Each in an epoch of its own. */
START_TEST(what_is_beside_regions_is_observed)
{
	set_up();
	for (uint32_t i = 0; i < 16; i++) {
		write_in_region(a, 8);
		writes(a, 16 + 16 * i, 8);
		clock_end_epoch(memory_before_release(&judge, a));
		writes(a, 24 + 16 * i, 8);
		clock_end_epoch(memory_before_release(&judge, a));
	}
	reads(b, 16, 8);
	for (uint32_t i = 1; i < 32; i++) {
		reads(b, 16 + 8 * i, 8);
		ck_assert_uint_eq(finding_count, i + 1);
	}
}
END_TEST

START_TEST(before_the_first_region_nothing_is_marked)
{
	set_up();
	for (uint32_t i = 0; i < 16; i++) {
		writes(a, 16 + 8 * i, 8);
		clock_end_epoch(memory_before_release(&judge, a));
	}
	write_in_region(a, 8);
	for (uint32_t i = 0; i < 16; i++)
		reads(b, 16 + 8 * i, 8);
	ck_assert_uint_eq(finding_count, 16);
}
END_TEST

START_TEST(regions_of_reads_and_of_writes_nest)
{
	set_up();
	begin(a, false);
	begin(a, true);
	begin(a, true);
	end(a, true);
	writes(a, 0, 8);
	reads(a, 8, 8);
	end(a, true);
	writes(a, 16, 8);
	reads(a, 24, 8);
	end(a, false);
	end(a, false);
	reads(a, 32, 8);
	writes(b, 0, 8);
	writes(b, 8, 8);
	writes(b, 24, 8);
	ck_assert_uint_eq(finding_count, 0);
	writes(b, 16, 8);
	writes(b, 32, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

/* They share a slot, so its marks are the later one's, too. */
START_TEST(who_ends_in_a_region_leaves_it)
{
	set_up();
	begin(a, true);
	writes(a, 0, 8);
	thread_ending(&judge, a);
	thread_joined(&judge, first, a, 0);
	a = racing_start(first);
	for (uint32_t i = 0; i < 8; i++) {
		writes(a, 8 + 8 * i, 8);
		clock_end_epoch(memory_before_release(&judge, a));
	}
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
	for (uint32_t i = 0; i < 8; i++)
		reads(b, 8 + 8 * i, 8);
	ck_assert_uint_eq(finding_count, 8);
}
END_TEST

START_TEST(marks_go_on_in_another_slot)
{
	uint32_t slot;

	set_up();
	write_in_region(a, 8);
	slot = a->slot;
	vclock_advance(&a->clocks.full, &a->memory->arena, slot, SHADOW_EPOCH_MAX);
	write_in_region(a, 0);
	ck_assert_uint_ne(a->slot, slot);
	writes(a, 16, 8);
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
	reads(b, 16, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_regions");

	tcase_add_test(tests, a_region_is_never_forgotten);
	tcase_add_test(tests, what_is_beside_regions_is_observed);
	tcase_add_test(tests, before_the_first_region_nothing_is_marked);
	tcase_add_test(tests, regions_of_reads_and_of_writes_nest);
	tcase_add_test(tests, who_ends_in_a_region_leaves_it);
	tcase_add_test(tests, marks_go_on_in_another_slot);
	return racing_run(tests);
}
