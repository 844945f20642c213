/* What is recorded late, or held back, where an order is assumed. */
#include <check.h>

#include "detect/race/record_fast.h"
#include "detect/sync/thread.h"
#include "racing.h"

#define FLAG 64u
#define OWN 128u
#define GATE 256u

static struct thread *a, *b, *c;

/* Whose sites are no news, so that parts of granules are kept pending. */
static struct thread *start_known(void)
{
	struct thread *thread = racing_start(first);

	thread->accesses.sample = 1000;
	writes(thread, OWN + 8 * thread->slot, 8); /* begins an epoch */
	return thread;
}

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = start_known();
	b = start_known();
	c = start_known();
}

static void stores_flag(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), FLAG, 8);
}

static void loads_flag(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), FLAG, 8);
}

/* By what is no lock: @to knows what @from has done. */
static struct clock_releaser hands_over(struct thread *from, struct thread *to)
{
	struct clock_releaser by = memory_before_release(&judge, from);

	clock_join(memory_before_join(&judge, to), clock_snapshot(by));
	return by;
}

static void publish_pending(void)
{
	writes(a, 0, 4);
	ck_assert_uint_eq(pending_count(a), 1);
	stores_flag(a);
}

START_TEST(what_is_pending_when_it_is_published_comes_before_its_reader)
{
	publish_pending();
	loads_flag(b);
	ck_assert_uint_eq(finding_count, 1);
	reads(b, 0, 4);
	record_flush(&judge, b);
	record_flush(&judge, a);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_is_read_before_the_flag_races_with_what_is_pending)
{
	publish_pending();
	reads(b, 0, 4);
	loads_flag(b);
	ck_assert_uint_eq(finding_count, 1);
	record_flush(&judge, a);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(racing[0], 1);
}
END_TEST

START_TEST(what_is_pending_comes_before_who_learns_of_it_from_its_reader)
{
	publish_pending();
	loads_flag(b);
	clock_end_epoch(hands_over(b, c));
	reads(c, 0, 4);
	record_flush(&judge, c);
	record_flush(&judge, a);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_is_pending_races_with_who_knows_nothing_of_it)
{
	publish_pending();
	loads_flag(b);
	reads(c, 0, 4);
	record_flush(&judge, c);
	record_flush(&judge, a);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(what_is_pending_is_recorded_before_a_store_over_what_others_read)
{
	loads_flag(b);
	publish_pending();
	ck_assert_uint_eq(pending_count(a), 0);
	reads(b, 0, 4);
	record_flush(&judge, b);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

static void stores_short_flag(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), FLAG, 4);
	ck_assert_uint_eq(pending_count(thread), 1);
}

START_TEST(a_flag_that_is_pending_orders_what_was_before_it)
{
	writes(a, 0, 8);
	stores_short_flag(a);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), FLAG, 4);
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
	record_flush(&judge, a);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_WARNING);
}
END_TEST

/* As who takes a lock in an array of slots does.  Others have read the other half. */
START_TEST(a_flag_that_is_pending_orders_who_has_read_it_and_stored_over_it)
{
	reads(c, FLAG + 4, 4);
	record_flush(&judge, c);
	writes(a, 0, 8);
	stores_short_flag(a);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), FLAG, 4);
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), FLAG, 4);
	ck_assert_uint_eq(pending_count(b), 2);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void uses_what_the_flag_guards(void)
{
	writes(b, 0, 8);
}

START_TEST(a_flag_orders_while_it_is_being_recorded)
{
	writes(a, 0, 8);
	stores_short_flag(a);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), FLAG, 4);
	record_flush(&judge, b);
	racing_meanwhile = uses_what_the_flag_guards;
	record_flush(&judge, a);
	ck_assert_ptr_null(racing_meanwhile);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_WARNING);
}
END_TEST

static void records_what_it_has_pending(void)
{
	record_flush(&judge, a);
}

/* While b makes the acquires that wait. */
START_TEST(a_flag_orders_that_is_recorded_while_it_is_looked_for)
{
	writes(a, 0, 8);
	stores_short_flag(a);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), FLAG, 4);
	record_flush(&judge, b);
	writes(c, GATE, 4);
	writes(b, GATE, 4);
	record_flush(&judge, c);
	racing_meanwhile = records_what_it_has_pending;
	writes(b, 0, 8);
	ck_assert_ptr_null(racing_meanwhile);
	ck_assert_uint_eq(racing[GATE], 1);
	ck_assert_uint_eq(racing[0], 0);
}
END_TEST

START_TEST(a_flag_that_is_pending_orders_nothing_for_who_has_not_read_it)
{
	writes(a, 0, 8);
	stores_short_flag(a);
	reads(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(what_is_pending_there_orders_nothing_by_itself)
{
	site_id write = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);

	site_get(&judge.sites, write)->first_count = 0;
	accesses_at(a, write, 0, 4);
	site_get(&judge.sites, write)->first_count = ORIGIN_FIRST_CALLERS;
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 4, 4);
	reads(b, 0, 4);
	record_flush(&judge, b);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* --- Held back --------------------------------------------------------------- */

START_TEST(what_only_a_flag_orders_is_held_back_and_rests_on_it)
{
	uint32_t flag;

	writes(a, 0, 8);
	stores_flag(a);
	loads_flag(b);
	flag = last_finding.id;
	ck_assert_uint_eq(finding_count, 1);
	reads(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 1);
	ck_assert_uint_eq(last_finding.rests_on.numbers[0], flag);
	ck_assert_uint_eq(last_finding.rests_on.numbers[1], 0);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_only_the_flag_of_an_ended_thread_orders_is_held_back)
{
	writes(a, 0, 8);
	stores_flag(a);
	thread_ending(&judge, a);
	thread_joined(&judge, c, a, 0);
	loads_flag(b);
	reads(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 1);
}
END_TEST

START_TEST(what_two_flags_order_rests_on_both)
{
	uint32_t flag;

	writes(a, 0, 8);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 8, 8);
	stores_flag(a);
	loads_flag(b);
	flag = last_finding.id;
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 8, 8);
	ck_assert_uint_eq(held_back_count, 1);
	reads(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 2);
	ck_assert_uint_eq(last_finding.rests_on.numbers[0], flag);
	ck_assert_uint_eq(last_finding.rests_on.numbers[1], last_finding.id - 1);
}
END_TEST

START_TEST(what_is_ordered_by_more_than_a_flag_is_not_held_back)
{
	writes(a, 0, 8);
	stores_flag(a);
	loads_flag(b);
	hands_over(a, b);
	reads(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 0);
}
END_TEST

START_TEST(what_is_assumed_is_passed_on_as_known)
{
	writes(a, 0, 8);
	stores_flag(a);
	loads_flag(b);
	hands_over(b, c);
	reads(c, 0, 8);
	ck_assert_uint_eq(held_back_count, 0);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Thread c knows what a has written since its store to the flag. */
static void learn_after_flag(bool is_answered)
{
	stores_flag(a);
	clock_end_epoch(hands_over(a, c));
	writes(a, 0, 8);
	clock_end_epoch(hands_over(a, c));
	writes(c, 8, 8);
	if (is_answered)
		clock_end_epoch(hands_over(c, a));
	loads_flag(b);
	reads(b, 0, 8);
}

START_TEST(what_a_third_thread_knew_is_as_certain_as_what_it_did)
{
	learn_after_flag(true);
	reads(b, 8, 8);
	ck_assert_uint_eq(held_back_count, 0);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_a_third_thread_knows_alone_is_not_assumed)
{
	learn_after_flag(false);
	ck_assert_uint_eq(racing[0], 1);
}
END_TEST

START_TEST(what_a_loop_waits_for_holds_nothing_back)
{
	writes(a, 0, 8);
	stores_flag(a);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 8), FLAG, 8);
	ck_assert_uint_eq(last_finding.kind, FINDING_UNMARKED_SYNC);
	reads(b, 0, 8);
	ck_assert_uint_eq(held_back_count, 0);
}
END_TEST

START_TEST(what_is_held_back_is_replaced_once_it_is_certain)
{
	site_id write = racing_site(SITE_WRITE, 8);
	site_id read = racing_site(SITE_READ, 8);

	accesses_at(a, write, 0, 8);
	stores_flag(a);
	loads_flag(b);
	accesses_at(b, read, 0, 8);
	ck_assert_uint_eq(held_back_count, 1);
	accesses_at(c, read, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(last_finding.replaces, last_finding.id - 1);
}
END_TEST

START_TEST(what_is_held_back_has_a_bound)
{
	for (uint32_t i = 1; i <= 100; i++)
		writes(a, 1024 + 8 * i, 8);
	stores_flag(a);
	loads_flag(b);
	for (uint32_t i = 1; i <= 100; i++)
		reads(b, 1024 + 8 * i, 8);
	ck_assert_uint_eq(held_back_count, HELD_BACK_MAX);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_ge(vclock_get(&b->clocks.full, a->slot), a->clocks.recorded_epoch);
}
END_TEST

/* b asks for its turn and waits at the gate; a has acquired that, and works. */
static void waits_at_gate(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 4), GATE, 4);
}

static void take_turns(bool waits)
{
	stores_flag(b);
	if (waits)
		waits_at_gate(b);
	loads_flag(a);
	writes(a, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}

static void opens_gate(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), GATE, 4);
}

START_TEST(who_waits_comes_after_a_store_over_what_was_taken_for_known)
{
	take_turns(true);
	opens_gate(a);
	record_flush(&judge, a);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_waits_comes_after_a_store_that_is_pending)
{
	take_turns(false);
	opens_gate(a);
	ck_assert_uint_eq(pending_count(a), 1);
	waits_at_gate(b);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_waits_is_not_ordered_before_the_store)
{
	take_turns(true);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

START_TEST(who_does_not_wait_is_not_ordered)
{
	take_turns(false);
	opens_gate(a);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

/* --- Ends of memory ------------------------------------------------------------ */

static void frees_block(struct thread *thread)
{
	struct access freeing = {.address = MEMORY_AT, .size_bytes = 64, .flags = SITE_WRITE};

	freeing.site = racing_site(SITE_WRITE, 64);
	access_memory_freed(&judge, thread, &freeing);
}

static void store_over_read(void)
{
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 8, 8);
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 8, 8);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_WARNING);
}

START_TEST(a_store_does_not_hide_a_read_from_the_end_of_the_memory)
{
	store_over_read();
	frees_block(b);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(last_finding.details, DETAIL_FREED);
	ck_assert_uint_eq(last_finding.severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(a_read_ordered_since_does_not_race_with_the_end_of_the_memory)
{
	store_over_read();
	hands_over(a, b);
	frees_block(b);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(a_read_in_an_earlier_life_does_not_race_with_the_end_of_the_memory)
{
	store_over_read();
	access_memory_begins(&judge, b, MEMORY_AT, 64);
	frees_block(b);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Thread c has looked at the flag, but not seen yet what b stores there. */
static void store_after_look(bool is_learnt)
{
	loads_flag(c);
	writes(a, 0, 8);
	if (is_learnt)
		clock_end_epoch(hands_over(a, b));
	stores_flag(b);
	writes(c, 0, 8);
}

START_TEST(who_waits_comes_after_what_the_storing_thread_has_learnt)
{
	store_after_look(true);
	ck_assert_uint_eq(racing[0], 0);
}
END_TEST

START_TEST(who_waits_races_with_what_the_storing_thread_does_not_know)
{
	store_after_look(false);
	ck_assert_uint_eq(racing[0], 1);
}
END_TEST

#define SUM 384u

/* The load and the store of an update. */
static site_id half_of_update(uint32_t flags)
{
	site_id id = racing_site(flags | SITE_PLAIN_MOVE, 8);

	site_get(&judge.sites, id)->update_group = 9;
	return id;
}

static void updates_sum(struct thread *thread)
{
	accesses_at(thread, half_of_update(SITE_READ | SITE_MAY_BE_STALE), SUM, 8);
	accesses_at(thread, half_of_update(SITE_WRITE | SITE_UPDATE), SUM, 8);
}

/* Thread a looks at two flags, to both of which b stores after an update: the store to the
 * one has been recorded, that to the other has not. */
static void look_at_flags(void)
{
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), GATE, 4);
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), FLAG, 4);
	updates_sum(b);
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), GATE, 8);
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), FLAG, 4);
}

START_TEST(a_load_that_is_not_made_yet_acquires_nothing_for_what_is_recorded_late)
{
	look_at_flags();
	updates_sum(a);
	ck_assert_uint_eq(racing[SUM], 0);
}
END_TEST

START_TEST(two_updates_that_no_flag_orders_are_a_lost_one)
{
	updates_sum(b);
	updates_sum(a);
	ck_assert_uint_eq(racing[SUM], 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_assumed");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, what_is_pending_when_it_is_published_comes_before_its_reader);
	tcase_add_test(tests, what_is_read_before_the_flag_races_with_what_is_pending);
	tcase_add_test(tests, what_is_pending_comes_before_who_learns_of_it_from_its_reader);
	tcase_add_test(tests, what_is_pending_races_with_who_knows_nothing_of_it);
	tcase_add_test(tests, what_is_pending_is_recorded_before_a_store_over_what_others_read);
	tcase_add_test(tests, a_flag_that_is_pending_orders_what_was_before_it);
	tcase_add_test(tests, a_flag_that_is_pending_orders_who_has_read_it_and_stored_over_it);
	tcase_add_test(tests, a_flag_orders_while_it_is_being_recorded);
	tcase_add_test(tests, a_flag_orders_that_is_recorded_while_it_is_looked_for);
	tcase_add_test(tests, a_flag_that_is_pending_orders_nothing_for_who_has_not_read_it);
	tcase_add_test(tests, what_is_pending_there_orders_nothing_by_itself);
	tcase_add_test(tests, what_only_a_flag_orders_is_held_back_and_rests_on_it);
	tcase_add_test(tests, what_only_the_flag_of_an_ended_thread_orders_is_held_back);
	tcase_add_test(tests, what_two_flags_order_rests_on_both);
	tcase_add_test(tests, what_is_ordered_by_more_than_a_flag_is_not_held_back);
	tcase_add_test(tests, what_is_assumed_is_passed_on_as_known);
	tcase_add_test(tests, what_a_third_thread_knew_is_as_certain_as_what_it_did);
	tcase_add_test(tests, what_a_third_thread_knows_alone_is_not_assumed);
	tcase_add_test(tests, what_a_loop_waits_for_holds_nothing_back);
	tcase_add_test(tests, what_is_held_back_is_replaced_once_it_is_certain);
	tcase_add_test(tests, what_is_held_back_has_a_bound);
	tcase_add_test(tests, who_waits_comes_after_a_store_over_what_was_taken_for_known);
	tcase_add_test(tests, who_waits_comes_after_a_store_that_is_pending);
	tcase_add_test(tests, who_waits_is_not_ordered_before_the_store);
	tcase_add_test(tests, who_does_not_wait_is_not_ordered);
	tcase_add_test(tests, a_store_does_not_hide_a_read_from_the_end_of_the_memory);
	tcase_add_test(tests, a_read_ordered_since_does_not_race_with_the_end_of_the_memory);
	tcase_add_test(tests, a_read_in_an_earlier_life_does_not_race_with_the_end_of_the_memory);
	tcase_add_test(tests,
		       a_load_that_is_not_made_yet_acquires_nothing_for_what_is_recorded_late);
	tcase_add_test(tests, two_updates_that_no_flag_orders_are_a_lost_one);
	tcase_add_test(tests, who_waits_comes_after_what_the_storing_thread_has_learnt);
	tcase_add_test(tests, who_waits_races_with_what_the_storing_thread_does_not_know);
	return racing_run(tests);
}
