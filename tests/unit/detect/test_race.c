/* How the race engine classifies and reports pairs of accesses. */
#include <check.h>
#include <sys/mman.h>

#include "detect/race/record_fast.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/thread.h"
#include "racing.h"

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(false);
	a = racing_start(first);
	b = racing_start(first);
}

START_TEST(a_repeated_race_is_one_finding)
{
	site_id one = racing_site(SITE_WRITE, 8);
	site_id other = racing_site(SITE_WRITE, 8);

	for (uint32_t i = 0; i < 100; i++) {
		accesses_at(a, one, 8, 8);
		accesses_at(b, other, 8, 8);
	}
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.kind, FINDING_DATA_RACE);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(one_access_may_race_with_several)
{
	writes(a, 0, 4);
	writes(b, 4, 4);
	writes(first, 16, 4);
	reads(racing_start(first), 0, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

static void race_of(uint32_t flags, uint32_t other_flags, uint32_t size_bytes)
{
	site_id one = racing_site(flags, size_bytes);
	site_id other = racing_site(other_flags, size_bytes);

	accesses_at(a, one, 64, size_bytes);
	accesses_at(b, other, 64, size_bytes);
}

START_TEST(plain_moves_make_a_warning_and_order_what_lies_behind)
{
	writes(a, 0, 8);
	race_of(SITE_WRITE | SITE_PLAIN_MOVE, SITE_READ | SITE_PLAIN_MOVE, 4);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_WARNING);
	ck_assert_uint_eq(last_finding.details, DETAIL_MAY_BE_ATOMIC);
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(two_updates_lose_one)
{
	race_of(SITE_READ | SITE_WRITE | SITE_UPDATE, SITE_READ | SITE_WRITE | SITE_UPDATE, 4);
	ck_assert_uint_eq(last_finding.kind, FINDING_LOST_UPDATE);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(unseen_atomics_leave_a_doubt)
{
	judge.has_unseen_order = true;
	race_of(SITE_WRITE, SITE_READ, 4);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_WARNING);
	ck_assert_uint_eq(last_finding.details, DETAIL_UNSEEN_ORDER);
	judge.has_unseen_order = false;
}
END_TEST

START_TEST(sites_that_are_silent_make_no_finding)
{
	race_of(SITE_WRITE | SITE_SILENT, SITE_WRITE, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(a_check_that_sites_share_tells_the_one_that_races)
{
	site_id head = racing_site(SITE_WRITE, 4);
	site_id tail = racing_site(SITE_WRITE, 4);
	struct access whole = {
		.address = MEMORY_AT + 4,
		.size_bytes = 8,
		.site = head,
		.flags = SITE_WRITE,
	};

	site_get(&judge.sites, head)->next_member = tail;
	site_get(&judge.sites, tail)->member_offset = 4;
	access_check(&judge, a, &whole);
	reads(b, 8, 1);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(racing_site_of(last_finding.events[0].stack), tail);
	ck_assert_uint_eq(last_finding.events[0].address, MEMORY_AT + 8);
	ck_assert_uint_eq(last_finding.events[0].size_bytes, 4);
}
END_TEST

/* Of how many of the next @count accesses, each to a granule of its own? */
static unsigned count_kept_callers(site_id site, unsigned count)
{
	static uint32_t offset;
	unsigned before = racing_stack_count;

	for (unsigned i = 0; i < count; i++, offset += 8)
		quick_access(a, site, offset % MEMORY_BYTES, 8);
	return racing_stack_count - before;
}

START_TEST(callers_are_kept_of_the_first_accesses_of_a_site_then_of_one_in_many)
{
	site_id site;

	racing_sites_are_old(false);
	site = racing_site(SITE_WRITE, 8);
	ck_assert_uint_eq(count_kept_callers(site, ORIGIN_FIRST_CALLERS), ORIGIN_FIRST_CALLERS);
	a->accesses.sample = 10;
	ck_assert_uint_eq(count_kept_callers(site, 10), 0);
	ck_assert_uint_eq(count_kept_callers(site, 1), 1);
	ck_assert_uint_eq(count_kept_callers(site, ORIGIN_CALLERS_EVERY - 1), 0);
	ck_assert_uint_eq(count_kept_callers(site, 1), 1);
	/* Of a site that was part of a finding they are kept for long, and again after another. */
	for (unsigned i = 0; i < 2; i++) {
		site_suspect(&judge.sites, site);
		a->accesses.sample = 100;
		ck_assert_uint_eq(count_kept_callers(site, 1000), 1000);
		site_get(&judge.sites, site)->suspect_count = 11;
		ck_assert_uint_eq(count_kept_callers(site, 20), 10);
	}
}
END_TEST

START_TEST(fewer_callers_are_kept_of_each_site_where_there_are_many_stacks)
{
	site_id before;
	site_id site;

	racing_sites_are_old(false);
	before = racing_site(SITE_WRITE, 8);
	site = racing_site(SITE_WRITE, 8);
	a->accesses.sample = 10 * ORIGIN_FIRST_CALLERS;
	ck_assert_uint_eq(count_kept_callers(before, ORIGIN_FIRST_OF_MANY + 1),
			  ORIGIN_FIRST_OF_MANY + 1);
	judge.stacks.by_id.last = ORIGIN_STACKS_MANY;
	ck_assert_uint_eq(count_kept_callers(before, 1), 0);
	ck_assert_uint_eq(count_kept_callers(site, ORIGIN_FIRST_CALLERS), ORIGIN_FIRST_OF_MANY);
	site_suspect(&judge.sites, site);
	ck_assert_uint_eq(count_kept_callers(site, ORIGIN_FIRST_CALLERS), ORIGIN_FIRST_CALLERS);
}
END_TEST

START_TEST(whose_stores_others_acquire_goes_the_slow_way_after_any_finding)
{
	site_id site = racing_site(SITE_WRITE, 8);

	site_attention[site] = SITE_ORDERING;
	accesses_at(a, site, 8, 8);
	writes(b, 8, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(site_attention[site], SITE_ORDERING);
}
END_TEST

START_TEST(a_finding_is_replaced_once_the_callers_are_known)
{
	site_id one;
	site_id other;

	racing_sites_are_old(true);
	one = racing_site(SITE_WRITE, 8);
	other = racing_site(SITE_WRITE, 8);
	a->accesses.sample = 10;
	reads(a, 128, 8); /* begins its epoch */
	accesses_at(a, one, 8, 8);
	accesses_at(b, other, 8, 8);
	ck_assert_uint_eq(finding_count, 1);
	/* From now on its places are suspect, and recorded with all their callers. */
	accesses_at(a, one, 16, 8);
	accesses_at(b, other, 16, 8);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(last_finding.replaces, last_finding.id - 1);
	accesses_at(a, one, 24, 8);
	accesses_at(b, other, 24, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(a_free_that_races_says_so)
{
	struct access freeing = {.address = MEMORY_AT, .size_bytes = 64, .flags = SITE_WRITE};

	freeing.site = racing_site(SITE_WRITE, 64);
	writes(a, 8, 8);
	access_memory_freed(&judge, b, &freeing);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.details, DETAIL_FREED);
	access_memory_begins(&judge, a, MEMORY_AT, 64);
	writes(a, 8, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(a_part_of_a_granule_begins_a_life_of_its_own)
{
	writes(a, 0, 8);
	access_memory_begins(&judge, a, MEMORY_AT, 4);
	writes(b, 0, 4);
	ck_assert_uint_eq(finding_count, 0);
	writes(b, 4, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(an_access_whose_stack_is_not_to_be_had_is_told_by_its_site)
{
	site_id one = racing_site(SITE_WRITE, 8);
	site_id other = racing_site(SITE_WRITE, 8);

	racing_has_stacks = false;
	accesses_at(a, one, 8, 8);
	accesses_at(b, other, 8, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(racing_site_of(last_finding.events[0].stack), one);
	ck_assert_uint_eq(racing_site_of(last_finding.events[1].stack), other);
	ck_assert(stack_depot_get(&judge.stacks, last_finding.events[1].stack)->flags &
		  STACK_INCOMPLETE);
}
END_TEST

/* Load and store of one update, for each thread. */
static site_id loads[2], stores[2];

static void make_updates(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		loads[i] = racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_MAY_BE_STALE, 8);
		stores[i] = racing_site(SITE_WRITE | SITE_PLAIN_MOVE | SITE_UPDATE, 8);
		site_get(&judge.sites, loads[i])->update_group = i + 1;
		site_get(&judge.sites, stores[i])->update_group = i + 1;
	}
}

static void store_of_b(void)
{
	accesses_at(b, stores[1], 0, 8);
}

START_TEST(a_store_that_comes_while_a_load_is_looked_at_is_part_of_the_lost_update)
{
	make_updates();
	accesses_at(b, loads[1], 0, 8);
	racing_meanwhile = store_of_b;
	accesses_at(a, loads[0], 0, 8);
	ck_assert_ptr_null(racing_meanwhile);
	accesses_at(a, stores[0], 0, 8);
	ck_assert_uint_eq(last_finding.kind, FINDING_LOST_UPDATE);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

/* A class and its base store to one pointer in turn, and the first may change nothing. */
START_TEST(each_store_of_an_address_is_compared_with_the_reads)
{
	reads(b, 0, 8);
	accesses_at(a, racing_site(SITE_WRITE | SITE_ADDRESS, 8), 0, 8);
	ck_assert_uint_eq(finding_count, 1);
	accesses_at(a, racing_site(SITE_WRITE | SITE_ADDRESS, 8), 0, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(other_stores_take_the_place_of_the_reads)
{
	reads(b, 0, 8);
	writes(a, 0, 8);
	writes(a, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* As where threads read one word in each of their critical sections. */
START_TEST(sets_of_readers_that_no_word_names_do_not_pile_up)
{
	site_id site = racing_site(SITE_READ, 8);
	struct thread *readers[] = {a, b};

	for (uint32_t i = 0; i < 1000000; i++) {
		clock_end_epoch(memory_before_release(&judge, readers[i % 2]));
		accesses_at(readers[i % 2], site, 8, 8);
	}
	ck_assert_uint_lt(judge.read_sets->by_members.count, 250000);
}
END_TEST

#define LARGE 8192u

static void frees_large(struct thread *thread)
{
	struct access freeing = {
		.address = MEMORY_AT + 512,
		.size_bytes = LARGE,
		.site = racing_site(SITE_WRITE, LARGE),
		.flags = SITE_WRITE,
	};

	access_memory_freed(&judge, thread, &freeing);
}

/* In what has cells, where others see it. */
START_TEST(what_is_accessed_in_parts_is_recorded_at_once)
{
	bool is_write = _i;
	site_id site;

	racing_sites_are_old(true);
	site = racing_site(is_write ? SITE_WRITE : 0, 4);
	racing_place(site, 0, 4);
	for (uint32_t i = 0; i < 4; i++) {
		quick_access(a, site, i, 1);
		clock_end_epoch(memory_before_release(&judge, a));
	}
	quick_access(a, site, 1, 2);
	ck_assert_uint_eq(pending_count(a), 0);
	for (uint32_t i = 0; i < 4; i++)
		writes(b, i, 1);
	ck_assert_uint_eq(finding_count, 4);
}
END_TEST

/* As a thunk leaves it that was interrupted by a handler: noted, with no epoch. */
START_TEST(what_is_pending_behind_an_epoch_belongs_to_the_next)
{
	bool is_write = _i;
	uint64_t word;
	site_id site;

	racing_sites_are_old(true);
	site = racing_site(is_write ? SITE_WRITE : 0, 4);
	quick_access(a, site, 64, 4);
	memory_flush(&judge, a);
	quick_access(a, site, 4, 4);
	ck_assert_uint_eq(pending_count(a), 1);
	clock_end_epoch((struct clock_releaser){a});
	memory_flush(&judge, a);
	ck_assert_uint_eq(pending_count(a), 0);
	word = is_write ? *shadow_of(MEMORY_AT).write : *shadow_of(MEMORY_AT).read;
	ck_assert_uint_eq(shadow_slot(word), a->slot);
	ck_assert_uint_eq(shadow_epoch(word), a->clocks.recorded_epoch);
	ck_assert_uint_eq(shadow_bytes(word), 0xf0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* A write, a read and a later use, each by a thread that nothing orders with the free, in
 * the midst of what the freeing thread alone has written, and has read since or not. */
START_TEST(a_large_block_is_compared_at_each_place)
{
	uint32_t offset;

	for (offset = 512; offset < 512 + LARGE; offset += 8)
		writes(a, offset, 8);
	clock_end_epoch(memory_before_release(&judge, a));
	for (offset = 512; _i && offset < 512 + LARGE; offset += 8)
		reads(a, offset, 8);
	memory_flush(&judge, a);
	access_memory_begins(&judge, a, MEMORY_AT + 5000, 16);
	writes(b, 5000, 4);
	reads(b, 5008, 8);
	memory_flush(&judge, b);
	ck_assert_uint_eq(finding_count, 0);
	frees_large(a);
	ck_assert_uint_eq(finding_count, 2);
	for (offset = 512; offset < 512 + LARGE; offset += 512)
		writes(b, offset, 8);
	memory_flush(&judge, b);
	ck_assert_uint_eq(finding_count, 2 + LARGE / 512);
	for (offset = 512; offset < 512 + LARGE; offset += 8)
		if (offset % 512 && offset != 5000 && offset != 5008)
			ck_assert_uint_eq(shadow_form(*shadow_of(MEMORY_AT + offset).write),
					  SHADOW_FREED);
	for (offset = 512; offset < 512 + LARGE; offset += 8)
		ck_assert_uint_eq(*shadow_of(MEMORY_AT + offset).read, 0);
}
END_TEST

/* Far from its beginning, what was never touched stays so. */
START_TEST(the_end_of_a_large_block_is_noted_where_it_was_used)
{
	writes(a, 4096, 8);
	memory_flush(&judge, a);
	frees_large(a);
	ck_assert_uint_eq(shadow_form(*shadow_of(MEMORY_AT + 512).write), SHADOW_FREED);
	ck_assert_uint_eq(shadow_form(*shadow_of(MEMORY_AT + 4096).write), SHADOW_FREED);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT + 4104).write, 0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Pages of shadow words that memory of middle size has touched, and will touch again. */
START_TEST(a_new_life_keeps_touched_pages_and_touches_no_others)
{
	uintptr_t words = (uintptr_t)shadow_of(MEMORY_AT).write & ~(uintptr_t)4095;
	unsigned char resident[MEMORY_BYTES / 4096];
	unsigned count = 0;

	shadow_drop(MEMORY_AT, MEMORY_BYTES);
	writes(first, 3 * 4096, 8);
	writes(first, 9 * 4096, 4);
	memory_flush(&judge, first);
	access_memory_begins(&judge, first, MEMORY_AT, MEMORY_BYTES);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT + 3 * 4096).write, 0);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT + 9 * 4096).write, 0);
	ck_assert_int_eq(mincore((void *)words, MEMORY_BYTES, resident), 0);
	/* The first page belongs to what is before, too. */
	for (unsigned i = 1; i < MEMORY_BYTES / 4096; i++)
		count += resident[i] & 1;
	ck_assert_uint_eq(count, 2);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_repeated_race_is_one_finding);
	tcase_add_test(tests, one_access_may_race_with_several);
	tcase_add_test(tests, plain_moves_make_a_warning_and_order_what_lies_behind);
	tcase_add_test(tests, two_updates_lose_one);
	tcase_add_test(tests, unseen_atomics_leave_a_doubt);
	tcase_add_test(tests, sites_that_are_silent_make_no_finding);
	tcase_add_test(tests, a_check_that_sites_share_tells_the_one_that_races);
	tcase_add_test(tests, callers_are_kept_of_the_first_accesses_of_a_site_then_of_one_in_many);
	tcase_add_test(tests, fewer_callers_are_kept_of_each_site_where_there_are_many_stacks);
	tcase_add_test(tests, whose_stores_others_acquire_goes_the_slow_way_after_any_finding);
	tcase_add_test(tests, a_finding_is_replaced_once_the_callers_are_known);
	tcase_add_test(tests, a_free_that_races_says_so);
	tcase_add_test(tests, a_part_of_a_granule_begins_a_life_of_its_own);
	tcase_add_test(tests,
		       a_store_that_comes_while_a_load_is_looked_at_is_part_of_the_lost_update);
	tcase_add_test(tests, each_store_of_an_address_is_compared_with_the_reads);
	tcase_add_test(tests, other_stores_take_the_place_of_the_reads);
	tcase_add_test(tests, sets_of_readers_that_no_word_names_do_not_pile_up);
	tcase_add_loop_test(tests, what_is_accessed_in_parts_is_recorded_at_once, 0, 2);
	tcase_add_loop_test(tests, what_is_pending_behind_an_epoch_belongs_to_the_next, 0, 2);
	tcase_add_loop_test(tests, a_large_block_is_compared_at_each_place, 0, 2);
	tcase_add_test(tests, the_end_of_a_large_block_is_noted_where_it_was_used);
	tcase_add_test(tests, a_new_life_keeps_touched_pages_and_touches_no_others);
	tcase_add_test(tests, an_access_whose_stack_is_not_to_be_had_is_told_by_its_site);
	return racing_run(tests);
}
