/* Claims: what a range stores over, where it ends, and what becomes of a claim left behind. */
#include <stdlib.h>

#include "detect/base/thread.h"
#include "detect/range/record_range.h"
#include "detect/race/memory.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"
#include "racing.h"

#define PAGE 4096u

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
	thread->accesses.sample = PAGE;
	return record_range(&judge, thread, &access, to - from);
}

static uint64_t word_at(uint32_t at, bool is_write)
{
	struct shadow shadow = shadow_of(MEMORY_AT + at);

	return is_write ? *shadow.write : *shadow.read;
}

START_TEST(range_of_many_pages_has_all_words)
{
	bool is_write = _i;

	set_up();
	ck_assert(record(a, 24, 3 * PAGE + 40, is_write));
	for (uint32_t at = 0; at < 4 * PAGE; at += 8)
		ck_assert_uint_eq(word_at(at, is_write),
				  at < 24 || at >= 3 * PAGE + 40 ? 0 : *a->clocks.current);
	ck_assert_uint_eq(word_at(PAGE, !is_write), 0);
	for (uint32_t at = 0; at < 4 * PAGE; at += 8)
		ck_assert_uint_eq(*claim_turn_of(shadow_of(MEMORY_AT + at).write) % 2, 0);
}
END_TEST

START_TEST(range_ends_before_what_is_not_past)
{
	bool is_write = _i & 1, other_is_write = _i & 2;
	uint64_t met;

	set_up();
	(other_is_write ? writes : reads)(b, PAGE, 8);
	met = word_at(PAGE, other_is_write);
	if (!is_write && !other_is_write) {
		/* Readers join. */
		ck_assert(record(a, PAGE - 64, PAGE + 64, is_write));
		ck_assert_uint_eq(shadow_form(word_at(PAGE, false)), SHADOW_SET);
		ck_assert_uint_eq(word_at(PAGE + 8, is_write), *a->clocks.current);
		return;
	}
	ck_assert(!record(a, PAGE - 64, PAGE + 64, is_write));
	ck_assert_uint_eq(word_at(PAGE - 8, is_write), *a->clocks.current);
	ck_assert_uint_eq(word_at(PAGE, other_is_write), met);
	ck_assert_uint_eq(word_at(PAGE + 8, is_write), 0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* All by one stack, the callers of which are kept. */
START_TEST(range_of_a_new_place_has_callers)
{
	site_id site;
	struct access access;

	set_up();
	racing_has_stacks = true;
	racing_sites_are_old(false);
	site = racing_site(SITE_WRITE, 8);
	access = racing_access(site, 0, 8);
	ck_assert(record_range(&judge, a, &access, PAGE));
	ck_assert_uint_eq(racing_stack_count, 1);
	for (uint32_t at = 0; at < PAGE; at += 8)
		ck_assert(origin_has_callers(racing_origin(
			&shadow_of(MEMORY_AT + at).origins->write, word_at(at, true))));
	for (uint32_t i = 1; i < 2 * ORIGIN_FIRST_CALLERS; i++) {
		clock_end_epoch(memory_before_release(&judge, a));
		a->accesses.sample = PAGE;
		ck_assert(record_range(&judge, a, &access, PAGE));
	}
	ck_assert(!origin_has_callers(
		racing_origin(&shadow_of(MEMORY_AT + 8).origins->write, word_at(8, true))));
}
END_TEST

START_TEST(words_before_are_stored_over_if_they_are_past)
{
	set_up();
	ck_assert(record(first, 0, PAGE, _i));
	b = racing_start(first);
	ck_assert(record(b, 0, PAGE, true));
	for (uint32_t at = 0; at < PAGE; at += 8)
		ck_assert_uint_eq(word_at(at, true), *b->clocks.current);
}
END_TEST

/* What it does not look at again. */
START_TEST(range_known_is_taken_for_recorded_in_its_epoch_alone)
{
	uint64_t *word = shadow_of(MEMORY_AT + 256).write;

	set_up();
	ck_assert(record(a, 0, 512, true));
	ck_assert(record(a, 512, 1024, true));
	*word = 0;
	ck_assert(record(a, 8, 1000, true));
	ck_assert_uint_eq(*word, 0);
	ck_assert(record(a, 8, 1032, true));
	ck_assert_uint_eq(*word, 0);
	ck_assert_uint_eq(word_at(1024, true), *a->clocks.current);
	ck_assert(record(a, 0, 512, false));
	ck_assert_uint_eq(word_at(256, false), *a->clocks.current);
	clock_end_epoch(memory_before_release(&judge, a));
	ck_assert(record(a, 8, 1000, true));
	ck_assert_uint_eq(*word, *a->clocks.current);
}
END_TEST

/* Whoever races with the read races with the write. */
START_TEST(range_has_no_reads_of_what_was_written_in_the_epoch)
{
	set_up();
	ck_assert(record(a, 0, 512, true));
	ck_assert(record(a, 0, 1024, false));
	ck_assert_uint_eq(word_at(256, false), 0);
	ck_assert_uint_eq(word_at(512, false), *a->clocks.current);
	writes(b, 256, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(range_has_reads_of_what_was_written_before)
{
	set_up();
	ck_assert(record(a, 0, 512, true));
	if (_i)
		a->clocks.assumed_epoch = a->clocks.recorded_epoch;
	else
		clock_end_epoch(memory_before_release(&judge, a));
	ck_assert(record(a, 0, 512, false));
	ck_assert_uint_eq(word_at(256, false), *a->clocks.current);
}
END_TEST

START_TEST(range_known_is_forgotten_with_its_memory)
{
	struct access freed;

	set_up();
	freed = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 8), 256, 8);
	ck_assert(record(a, 0, 512, true));
	if (_i)
		access_memory_freed(&judge, a, &freed);
	else
		access_memory_begins(&judge, a, MEMORY_AT + 256, 8);
	ck_assert_uint_ne(word_at(256, true), *a->clocks.current);
	ck_assert_int_eq(record(a, 0, 512, true), !_i);
	ck_assert_int_eq(word_at(256, true) == *a->clocks.current, !_i);
}
END_TEST

START_TEST(range_known_is_forgotten_if_another_thread_acquires_amid_its_epoch)
{
	uint64_t *word = shadow_of(MEMORY_AT + 256).write;

	set_up();
	ck_assert(record(a, 0, 512, true));
	a->clocks.assumed_epoch = a->clocks.recorded_epoch;
	*word = 0;
	ck_assert(record(a, 0, 512, true));
	ck_assert_uint_eq(*word, *a->clocks.current);
}
END_TEST

START_TEST(range_has_the_ends_that_are_no_granules)
{
	set_up();
	ck_assert(record(a, 4, 518, true));
	memory_flush(&judge, a);
	ck_assert_uint_eq(shadow_bytes(word_at(0, true)), 0xf0);
	ck_assert_uint_eq(word_at(8, true), *a->clocks.current);
	ck_assert_uint_eq(shadow_bytes(word_at(512, true)), 0x3f);
}
END_TEST

/* One half of a granule in one epoch, the other in the next. */
static void access_by_halves(struct thread *thread, uint32_t at, bool is_write)
{
	for (uint32_t i = 0; i < 2; i++) {
		(is_write ? writes : reads)(thread, at + 4 * i, 4);
		clock_end_epoch(memory_before_release(&judge, thread));
	}
	ck_assert(cells_are(word_at(at, is_write)));
}

START_TEST(range_goes_on_behind_records_of_what_is_past)
{
	bool is_write = _i;

	set_up();
	access_by_halves(a, 64, true);
	access_by_halves(a, 80, false);
	ck_assert(record(a, 0, 512, is_write));
	for (uint32_t at = 0; at < 512; at += 8)
		ck_assert_uint_eq(word_at(at, is_write), *a->clocks.current);
	ck_assert_int_eq(cells_are(word_at(64, true)), !is_write);
	/* Its own reads are of no concern after a write. */
	ck_assert(!cells_are(word_at(80, false)));
}
END_TEST

START_TEST(range_ends_before_records_of_what_is_not_past)
{
	set_up();
	access_by_halves(b, 64, true);
	ck_assert(!record(a, 0, 512, _i));
	ck_assert_uint_eq(word_at(56, _i), *a->clocks.current);
	ck_assert_uint_eq(word_at(72, _i), 0);
}
END_TEST

START_TEST(call_has_its_range_recorded_with_both_ends)
{
	uint32_t end = 4 + (uint32_t)_i;
	struct access access;

	set_up();
	access = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 8), 4, (uint32_t)_i);
	a->accesses.sample = PAGE;
	ck_assert(record_call(&judge, a, &access));
	memory_flush(&judge, a);
	for (uint32_t at = 8; at < end / 8 * 8; at += 8)
		ck_assert_uint_eq(word_at(at, true), *a->clocks.current);
	ck_assert_uint_eq(shadow_bytes(word_at(0, true)), 0xf0);
	ck_assert_uint_eq(shadow_bytes(word_at(end / 8 * 8, true)), 0x0f);
	ck_assert_uint_eq(word_at(end / 8 * 8 + 8, true), 0);
	writes(b, end - 1, 1);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* At its turn a sample of callers is the whole engine's. */
START_TEST(call_of_a_part_is_recorded_as_any_access)
{
	struct access access;

	set_up();
	access = racing_access(racing_site(SITE_WRITE | SITE_RANGE, 4), 8, 4);
	a->accesses.sample = 0;
	ck_assert(!record_call(&judge, a, &access));
	ck_assert_int_eq(access.callers, CALLERS_SAMPLED);
	ck_assert(record_call(&judge, a, &access));
	memory_flush(&judge, a);
	ck_assert_uint_eq(word_at(8, true),
			  (*a->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | 0x0f);
	writes(b, 12, 4);
	ck_assert_uint_eq(finding_count, 0);
	writes(b, 8, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(claim_left_behind_is_ended_and_counted)
{
	uint64_t *turn = claim_turn_of(shadow_of(MEMORY_AT).write);

	set_up();
	*turn |= 1;
	writes(a, 0, 8);
	ck_assert_uint_eq(*turn % 2, 0);
	ck_assert_uint_eq(word_at(0, true), *a->clocks.current);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_SHADOW], 1);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_SHADOW], 1);
}
END_TEST

/* Who was given up for gone comes back, while another thread claims. */
START_TEST(claim_of_another_thread_is_left_alone)
{
	uint64_t *turn = claim_turn_of(shadow_of(MEMORY_AT).write);
	uint64_t taken, next;

	set_up();
	ck_assert(claim_begin(&judge, turn, &taken));
	claim_settle(&judge, turn);
	ck_assert(claim_begin(&judge, turn, &next));
	claim_end(turn, taken);
	ck_assert_uint_eq(*turn, next + CLAIM_HELD);
	claim_end(turn, next);
	ck_assert_uint_eq(*turn, next + CLAIM_STEP);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("claims");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, range_of_many_pages_has_all_words, 0, 2);
	tcase_add_test(tests, range_known_is_taken_for_recorded_in_its_epoch_alone);
	tcase_add_test(tests, range_has_no_reads_of_what_was_written_in_the_epoch);
	tcase_add_loop_test(tests, range_has_reads_of_what_was_written_before, 0, 2);
	tcase_add_loop_test(tests, range_known_is_forgotten_with_its_memory, 0, 2);
	tcase_add_test(tests, range_known_is_forgotten_if_another_thread_acquires_amid_its_epoch);
	tcase_add_test(tests, range_has_the_ends_that_are_no_granules);
	tcase_add_loop_test(tests, range_ends_before_what_is_not_past, 0, 4);
	tcase_add_test(tests, range_of_a_new_place_has_callers);
	tcase_add_loop_test(tests, words_before_are_stored_over_if_they_are_past, 0, 2);
	tcase_add_loop_test(tests, range_goes_on_behind_records_of_what_is_past, 0, 2);
	tcase_add_loop_test(tests, range_ends_before_records_of_what_is_not_past, 0, 2);
	tcase_add_loop_test(tests, call_has_its_range_recorded_with_both_ends, 40, 41);
	tcase_add_loop_test(tests, call_has_its_range_recorded_with_both_ends, 1000, 1001);
	tcase_add_test(tests, call_of_a_part_is_recorded_as_any_access);
	tcase_add_test(tests, claim_left_behind_is_ended_and_counted);
	tcase_add_test(tests, claim_of_another_thread_is_left_alone);
	return racing_run(tests);
}
