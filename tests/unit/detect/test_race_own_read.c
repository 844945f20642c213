/*
 * A read may be made later than it was recorded.  As in a queue of waiters: b lets a know of
 * it in the middle of its epoch, and looks for a's answer, which a stores where b will begin
 * anew.
 */
#include <check.h>

#include "detect/race/memory.h"
#include "detect/race/record_fast.h"
#include "detect/shadow/origin.h"
#include "detect/sync/thread.h"
#include "racing.h"

#define FLAG 64u
#define OWN 128u

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = racing_start(first);
	b = racing_start(first);
	writes(a, OWN + 8, 8); /* begins an epoch */
	writes(b, OWN, 8);
}

static void asks(uint32_t spins)
{
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), FLAG, 8);
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE | spins, 8), FLAG, 8);
	ck_assert_uint_eq(finding_count, 1);
}

static void looks_for_answer(uint32_t flags)
{
	accesses_at(b, racing_site(SITE_READ | flags, 8), 0, 8);
}

static void answers(void)
{
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 0, 8);
}

START_TEST(who_looked_may_have_seen_a_store_of_who_took_the_look_for_known)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE);
	answers();
	ck_assert_uint_eq(finding_count, 1);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(held_back_count, 1);
	ck_assert_uint_eq(last_finding.rests_on.numbers[0], last_finding.id - 1);
}
END_TEST

/* By the slow path, which takes the place of reads that it compares. */
START_TEST(who_looked_may_have_seen_a_store_that_has_taken_the_place_of_the_look)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE);
	racing_sites_are_old(false);
	answers();
	ck_assert_uint_eq(load_relaxed(shadow_of(MEMORY_AT).read), 0);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(held_back_count, 1);
}
END_TEST

START_TEST(who_looked_may_have_seen_a_store_of_who_assumed_the_look_known)
{
	asks(0);
	looks_for_answer(SITE_PLAIN_MOVE);
	answers();
	ck_assert_uint_eq(held_back_count, 1);
	writes(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 2);
	ck_assert_uint_eq(last_finding.rests_on.numbers[0], last_finding.id - 1);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_did_not_look_has_not_seen_the_store)
{
	asks(SITE_SPIN);
	answers();
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(who_looked_by_no_move_has_acquired_nothing)
{
	asks(SITE_SPIN);
	looks_for_answer(0);
	answers();
	writes(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 0);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(who_looked_long_ago_has_not_seen_the_store)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE);
	for (unsigned i = 0; i < 2; i++) {
		clock_end_epoch(memory_before_release(&judge, b));
		writes(b, OWN, 8);
	}
	answers();
	writes(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 0);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

/* --- What the answer guards elsewhere ----------------------------------------------- */

#define DATA 192u

static void stores_data_and_answer(void)
{
	writes(a, DATA, 8);
	answers();
}

/* Before it stores, a reads there itself, as who keeps an index does. */
START_TEST(who_looked_acquires_though_another_read_has_taken_the_place_of_the_look)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE);
	racing_sites_are_old(false);
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 8);
	stores_data_and_answer();
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_has_not_looked_acquires_nothing_where_another_has_read)
{
	asks(SITE_SPIN);
	racing_sites_are_old(false);
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 8);
	stores_data_and_answer();
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(who_looked_acquires_what_was_stored_before_the_store_in_its_place)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE);
	racing_sites_are_old(false);
	stores_data_and_answer();
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Of all that a loop looks at, what was new to one look is what it waits for at the next, too. */
START_TEST(who_looks_at_others_in_turn_forgets_none)
{
	asks(SITE_SPIN);
	looks_for_answer(SITE_PLAIN_MOVE | SITE_SPIN);
	for (uint32_t i = 1; i < 3 * AWAITED_PLACES; i++)
		accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 8),
			    DATA + 64 + i % (AWAITED_PLACES - 1) * 8, 8);
	clock_raise(a, b->slot, vclock_get(&b->clocks.full, b->slot));
	racing_sites_are_old(false);
	stores_data_and_answer();
	for (uint32_t i = 0; i < OVERWRITTEN_PLACES; i++)
		b->accesses.overwritten[i].granule = 0;
	finding_count = 0;
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_looked_by_no_move_acquires_nothing_elsewhere)
{
	asks(SITE_SPIN);
	looks_for_answer(0);
	racing_sites_are_old(false);
	stores_data_and_answer();
	reads(b, DATA, 8);
	ck_assert_uint_gt(finding_count, 1);
}
END_TEST

/* Three threads take turns: c stores where b looks, and then a, which knows of both. */
START_TEST(who_acquired_there_may_have_done_so_from_the_next)
{
	struct thread *c = racing_start(first);

	writes(c, OWN + 16, 8);
	asks(SITE_SPIN);
	accesses_at(c, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 0, 8);
	looks_for_answer(SITE_PLAIN_MOVE);
	clock_join(memory_before_join(&judge, a),
		   clock_snapshot(memory_before_release(&judge, c)));
	stores_data_and_answer();
	finding_count = 0;
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void stores_half(uint32_t offset)
{
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), offset, 4);
}

START_TEST(who_looked_late_acquires_what_was_stored_before)
{
	asks(SITE_SPIN);
	b->accesses.sample = 1000;
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 0, 4);
	ck_assert_uint_eq(pending_count(b), 1);
	writes(a, DATA, 8);
	stores_half(0);
	record_flush(&judge, a);
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* The flag and what it guards are halves of a granule. */
static void looks_at_other_half(uint32_t awaited)
{
	asks(SITE_SPIN);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 4), awaited, 4);
	stores_half(4);
	stores_half(0);
	record_flush(&judge, a);
	finding_count = 0;
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 4, 4);
}

START_TEST(who_waits_acquires_the_other_half)
{
	looks_at_other_half(0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_waits_for_another_place_acquires_no_half)
{
	looks_at_other_half(OWN + 32);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(origins_of_threads_that_take_turns_are_told_apart)
{
	uint64_t word = shadow_plain(3, 1000, SHADOW_ALL_BYTES);
	uint32_t place = origin_tagged(origin_of_site(1), word);
	origin_id origin;

	ck_assert(origin_find(&place, word, &origin));
	for (uint32_t slot = 0; slot < 12; slot++)
		for (uint64_t epoch = slot == 3 ? 990 : 700; epoch <= 1010; epoch++)
			ck_assert(origin_find(&place, shadow_plain(slot, epoch, SHADOW_ALL_BYTES),
					      &origin) == (slot == 3 && epoch == 1000));
}
END_TEST

#define FLOOD 4096u

/* Thread a has stored over much that b has read, so that it is not known of each place. */
static void stores_over_much(void)
{
	site_id load = racing_site(SITE_READ | SITE_PLAIN_MOVE, 8);
	site_id store = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8);

	for (uint32_t i = 0; i < 512; i++) {
		accesses_at(b, load, FLOOD + 8 * i, 8);
		accesses_at(a, store, FLOOD + 8 * i, 8);
	}
}

/* As who counts by a locked instruction each of what it has waited for; b's load was made after
 * the second answer. */
static void waits_and_goes_on(uint32_t epochs)
{
	looks_for_answer(SITE_PLAIN_MOVE | SITE_SPIN);
	answers();
	stores_over_much();
	clock_end_epoch(memory_before_release(&judge, a));
	stores_data_and_answer();
	for (uint32_t i = 0; i < epochs; i++) {
		clock_end_epoch(memory_before_release(&judge, b));
		writes(b, OWN, 8);
	}
}

START_TEST(who_waited_some_epochs_ago_may_have_seen_a_later_store)
{
	unsigned before;

	waits_and_goes_on(20);
	before = finding_count;
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, before);
}
END_TEST

START_TEST(who_waited_long_ago_has_not_seen_it)
{
	unsigned before;

	waits_and_goes_on(100);
	before = finding_count;
	reads(b, DATA, 8);
	ck_assert_uint_eq(finding_count, before + 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_own_read");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, who_looked_may_have_seen_a_store_of_who_took_the_look_for_known);
	tcase_add_test(tests,
		       who_looked_may_have_seen_a_store_that_has_taken_the_place_of_the_look);
	tcase_add_test(tests, who_looked_may_have_seen_a_store_of_who_assumed_the_look_known);
	tcase_add_test(tests, who_did_not_look_has_not_seen_the_store);
	tcase_add_test(tests, who_looked_by_no_move_has_acquired_nothing);
	tcase_add_test(tests, who_looked_long_ago_has_not_seen_the_store);
	tcase_add_test(tests, who_looked_acquires_what_was_stored_before_the_store_in_its_place);
	tcase_add_test(tests, who_looks_at_others_in_turn_forgets_none);
	tcase_add_test(tests, who_looked_by_no_move_acquires_nothing_elsewhere);
	tcase_add_test(tests, who_acquired_there_may_have_done_so_from_the_next);
	tcase_add_test(tests, who_looked_late_acquires_what_was_stored_before);
	tcase_add_test(tests, who_waits_acquires_the_other_half);
	tcase_add_test(tests, who_waits_for_another_place_acquires_no_half);
	tcase_add_test(tests, origins_of_threads_that_take_turns_are_told_apart);
	tcase_add_test(tests,
		       who_looked_acquires_though_another_read_has_taken_the_place_of_the_look);
	tcase_add_test(tests, who_has_not_looked_acquires_nothing_where_another_has_read);
	tcase_add_test(tests, who_waited_some_epochs_ago_may_have_seen_a_later_store);
	tcase_add_test(tests, who_waited_long_ago_has_not_seen_it);
	return racing_run(tests);
}
