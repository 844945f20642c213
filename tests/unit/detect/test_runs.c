/* Runs: where a range is one, what it says to others, and what becomes of it. */
#include <stdlib.h>

#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/range/record_range.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/runs.h"
#include "racing.h"

#define PAGE 4096u
#define AMID (PAGE + 2048u)

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = racing_start(first);
	b = racing_start(first);
}

static bool record(struct thread *thread, uint32_t from, uint32_t to, bool is_write)
{
	site_id site = racing_site(is_write ? SITE_WRITE : SITE_READ, 8);
	struct access access = racing_access(site, from, 8);

	site_attention[site] = SITE_QUIET;
	thread->accesses.sample = 4 * PAGE;
	return record_range(&judge, thread, &access, to - from);
}

static void end_epoch(struct thread *thread)
{
	clock_end_epoch(memory_before_release(&judge, thread));
}

/* As it lies there, and as it speaks. */
static uint64_t word_below(uint32_t at, bool is_write)
{
	struct shadow shadow = shadow_places(MEMORY_AT + at);

	return is_write ? *shadow.write : *shadow.read;
}

static uint64_t word_at(uint32_t at, bool is_write)
{
	shadow_of(MEMORY_AT + at);
	return word_below(at, is_write);
}

static bool has_runs(uint32_t at, bool is_write)
{
	struct shadow shadow = shadow_places(MEMORY_AT + at);

	return *claim_turn_of(is_write ? shadow.write : shadow.read) & CLAIM_RUNS;
}

START_TEST(range_of_a_page_is_a_run)
{
	bool is_write = _i;
	struct shadow shadow;

	set_up();
	ck_assert(record(a, 0, 3 * PAGE, is_write));
	ck_assert(has_runs(AMID, is_write));
	ck_assert_uint_eq(word_below(AMID, is_write), 0);
	ck_assert_uint_eq(word_at(AMID, is_write), *a->clocks.current);
	shadow = shadow_of(MEMORY_AT + AMID);
	ck_assert_uint_ne(racing_origin(is_write ? &shadow.origins->write : &shadow.origins->read,
					*a->clocks.current),
			  0);
	ck_assert(!has_runs(AMID, is_write));
	ck_assert_uint_eq(word_at(AMID, !is_write), 0);
}
END_TEST

/* Who comes alone, and who comes with a range. */
START_TEST(what_races_with_a_run_is_found)
{
	bool is_write = _i & 1, is_first = _i & 2, is_range = _i & 4;

	set_up();
	if (is_first)
		writes(b, AMID, 8);
	record(a, 0, 3 * PAGE, is_write);
	if (is_first)
		(is_write ? writes : reads)(a, AMID, 8);
	else if (is_range)
		record(b, PAGE, 4 * PAGE, true);
	if (!is_first)
		writes(b, AMID, 8);
	ck_assert_uint_ge(finding_count, 1);
}
END_TEST

START_TEST(run_goes_over_no_words_of_another_thread)
{
	set_up();
	ck_assert(record(first, 0, 3 * PAGE, true));
	word_at(AMID, true);
	a = racing_start(first);
	ck_assert(record(a, 0, 3 * PAGE, true));
	ck_assert(!has_runs(AMID, true));
	ck_assert_uint_eq(word_below(AMID, true), *a->clocks.current);
	end_epoch(a);
	ck_assert(record(a, 0, 3 * PAGE, true));
	ck_assert(has_runs(AMID, true));
	ck_assert_uint_ne(word_below(AMID, true), *a->clocks.current);
	ck_assert_uint_eq(word_at(AMID, true), *a->clocks.current);
}
END_TEST

START_TEST(run_takes_the_place_of_one_that_came_before)
{
	set_up();
	ck_assert(record(first, 0, 3 * PAGE, true));
	a = racing_start(first);
	ck_assert(record(a, 0, 3 * PAGE, true));
	ck_assert(has_runs(AMID, true));
	ck_assert_uint_eq(word_below(AMID, true), 0);
	writes(b, AMID, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(word_at(AMID + 8, true), *a->clocks.current);
}
END_TEST

START_TEST(run_takes_no_place_of_one_that_it_races_with)
{
	set_up();
	ck_assert(record(a, 0, 3 * PAGE, true));
	(void)record(b, 0, 3 * PAGE, true);
	ck_assert_uint_eq(word_at(AMID, true), *a->clocks.current);
	writes(b, AMID, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* The thread's checks may look for what it has stored before, while its epoch goes on. */
START_TEST(run_goes_over_no_words_below_runs_of_another_thread)
{
	set_up();
	writes(first, AMID, 8);
	ck_assert_uint_ne(word_below(AMID, true), 0);
	ck_assert(record(first, 0, 3 * PAGE, true));
	ck_assert(has_runs(AMID, true));
	a = racing_start(first);
	ck_assert(record(a, 0, 3 * PAGE, true));
	ck_assert(!has_runs(AMID, true));
	ck_assert_uint_eq(word_below(AMID, true), *a->clocks.current);
}
END_TEST

/* What is left of the other one would be laid out below. */
START_TEST(run_takes_no_part_of_another_threads)
{
	set_up();
	ck_assert(record(first, 0, 3 * PAGE, true));
	a = racing_start(first);
	ck_assert(record(a, 0, AMID, true));
	ck_assert(!has_runs(AMID, true));
	ck_assert_uint_eq(word_below(AMID - 8, true), *a->clocks.current);
}
END_TEST

/* In the other plane they are read, and stay. */
START_TEST(single_accesses_leave_runs_as_they_are)
{
	bool is_write = _i & 1, keeps_callers = _i & 2;
	site_id site;

	set_up();
	ck_assert(record(first, 0, 3 * PAGE, !is_write));
	a = racing_start(first);
	site = racing_site(is_write ? SITE_WRITE : SITE_READ, 8);
	a->accesses.sample = b->accesses.sample = keeps_callers ? 0 : PAGE;
	quick_access(a, site, AMID, 8);
	ck_assert_uint_eq(word_below(AMID, is_write), *a->clocks.current);
	/* A write asks who has read, and forgets these. */
	ck_assert_uint_eq(has_runs(AMID, !is_write), !(is_write && keeps_callers));
	ck_assert_uint_eq(finding_count, 0);
	quick_access(b, site, AMID + 8, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(run_in_part_of_a_page_leaves_the_rest)
{
	uint64_t before;

	set_up();
	ck_assert(record(a, 0, 3 * PAGE, true));
	before = *a->clocks.current;
	end_epoch(a);
	ck_assert(record(a, PAGE, AMID, true));
	ck_assert(has_runs(AMID, true));
	ck_assert_uint_eq(word_at(AMID - 8, true), *a->clocks.current);
	ck_assert_uint_eq(word_at(AMID, true), before);
}
END_TEST

/* More than a page can have. */
START_TEST(runs_of_many_epochs_are_all_kept)
{
	uint64_t words[16];

	set_up();
	ck_assert(record(a, 0, 3 * PAGE, true));
	for (uint32_t i = 0; i < 16; i++) {
		end_epoch(a);
		ck_assert(record(a, PAGE + 64 * i, PAGE + 64 * i + 48, true));
		words[i] = *a->clocks.current;
	}
	for (uint32_t i = 0; i < 16; i++)
		ck_assert_uint_eq(word_at(PAGE + 64 * i + 40, true), words[i]);
}
END_TEST

START_TEST(run_ends_with_its_memory)
{
	uint32_t from = _i ? AMID : 0, to = _i ? AMID + 64 : 3 * PAGE;
	uint64_t mine;

	set_up();
	ck_assert(record(a, 0, 3 * PAGE, true));
	mine = *a->clocks.current;
	access_memory_begins(&judge, a, MEMORY_AT + from, to - from);
	ck_assert_uint_eq(word_at(AMID, true), 0);
	ck_assert_uint_eq(word_at(AMID - 8, true), _i ? mine : 0);
	writes(b, AMID, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(free_of_a_run_races_with_it)
{
	struct access freed;

	set_up();
	freed = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 8), 0, 3 * PAGE);
	ck_assert(record(a, 0, 3 * PAGE, _i));
	access_memory_freed(&judge, b, &freed);
	ck_assert_uint_ge(finding_count, 1);
}
END_TEST

/* Of what is dropped next nothing is changed, where all comes before. */
START_TEST(dropped_memory_is_compared)
{
	bool is_ordered = _i & 1, is_write = _i & 2, is_run = _i & 4;
	struct access freed;

	set_up();
	ck_assert(record(first, 0, 3 * PAGE, is_write));
	if (!is_run)
		word_at(AMID, is_write);
	a = racing_start(first);
	freed = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 8), 0, 3 * PAGE);
	access_memory_dropped(&judge, is_ordered ? a : b, &freed);
	ck_assert_uint_eq(finding_count > 0, !is_ordered);
	ck_assert(!is_ordered || has_runs(AMID, is_write) == is_run);
	ck_assert(!is_ordered || word_at(AMID, is_write));
	ck_assert(!is_ordered || shadow_form(word_at(AMID, true)) == SHADOW_PLAIN);
}
END_TEST

START_TEST(dropped_memory_is_compared_where_it_has_records)
{
	bool is_ordered = _i & 1, is_write = _i & 2;
	struct access freed;

	set_up();
	for (uint32_t offset = 0; offset < SHADOW_GRANULE; offset += 4) {
		clock_end_epoch(memory_before_release(&judge, first));
		for (uint32_t at = AMID; at < AMID + 512; at += SHADOW_GRANULE)
			(is_write ? writes : reads)(first, at + offset, 4);
		memory_flush(&judge, first);
	}
	ck_assert(cells_are(word_at(AMID, is_write)));
	a = racing_start(first);
	freed = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 8), 0, 3 * PAGE);
	access_memory_dropped(&judge, is_ordered ? a : b, &freed);
	ck_assert_uint_eq(finding_count > 0, !is_ordered);
	ck_assert(!is_ordered || cells_are(word_at(AMID, is_write)));
	access_memory_begins(&judge, a, MEMORY_AT, 3 * PAGE);
	ck_assert_uint_eq(word_at(AMID, is_write), 0);
}
END_TEST

/* @thread reads some granules by their halves, each in an epoch of its own. */
static void read_by_halves(struct thread *thread)
{
	for (uint32_t offset = 0; offset < SHADOW_GRANULE; offset += 4) {
		clock_end_epoch(memory_before_release(&judge, thread));
		for (uint32_t at = AMID; at < AMID + 512; at += SHADOW_GRANULE)
			reads(thread, at + offset, 4);
		memory_flush(&judge, thread);
	}
	ck_assert(cells_are(word_at(AMID, false)));
}

START_TEST(own_reads_are_forgotten_by_a_write_of_all)
{
	set_up();
	reads(b, AMID + 1024, 8);
	read_by_halves(a);
	(void)record(a, 0, 3 * PAGE, true);
	ck_assert_uint_eq(word_at(AMID, false), 0);
	ck_assert_uint_ne(word_at(AMID + 1024, false), 0);
	writes(a, AMID + 1024, 8);
	ck_assert_uint_eq(finding_count, 1); /* with what b has read */
	writes(b, AMID, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(run_is_compared_with_records_of_other_threads)
{
	bool is_ordered = _i & 1;

	set_up();
	read_by_halves(first);
	if (is_ordered)
		a = racing_start(first);
	ck_assert(record(a, 0, 3 * PAGE, true) || !is_ordered);
	ck_assert_uint_eq(has_runs(AMID, true), is_ordered);
	ck_assert_uint_eq(word_below(AMID, true), 0);
	writes(a, AMID, 8);
	ck_assert_uint_eq(finding_count > 0, !is_ordered);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("runs");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, range_of_a_page_is_a_run, 0, 2);
	tcase_add_loop_test(tests, what_races_with_a_run_is_found, 0, 8);
	tcase_add_test(tests, run_goes_over_no_words_of_another_thread);
	tcase_add_test(tests, run_takes_the_place_of_one_that_came_before);
	tcase_add_test(tests, run_takes_no_place_of_one_that_it_races_with);
	tcase_add_test(tests, run_goes_over_no_words_below_runs_of_another_thread);
	tcase_add_test(tests, run_takes_no_part_of_another_threads);
	tcase_add_loop_test(tests, single_accesses_leave_runs_as_they_are, 0, 4);
	tcase_add_test(tests, run_in_part_of_a_page_leaves_the_rest);
	tcase_add_test(tests, runs_of_many_epochs_are_all_kept);
	tcase_add_loop_test(tests, run_ends_with_its_memory, 0, 2);
	tcase_add_loop_test(tests, free_of_a_run_races_with_it, 0, 2);
	tcase_add_loop_test(tests, dropped_memory_is_compared, 0, 8);
	tcase_add_loop_test(tests, dropped_memory_is_compared_where_it_has_records, 0, 4);
	tcase_add_test(tests, own_reads_are_forgotten_by_a_write_of_all);
	tcase_add_loop_test(tests, run_is_compared_with_records_of_other_threads, 0, 2);
	return racing_run(tests);
}
