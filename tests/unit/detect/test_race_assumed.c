/* What is recorded late where an order is assumed. */
#include <check.h>

#include "flags.h"

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
