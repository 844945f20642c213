/* Findings about what an assumed order alone orders, and what is as certain as that. */
#include <check.h>

#include "flags.h"

#define ANSWER 512u

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

/* Who takes back what it gave has learnt of nobody. */
START_TEST(what_a_thread_knows_of_itself_is_not_assumed)
{
	stores_flag(a);
	clock_end_epoch(hands_over(a, c));
	writes(a, 0, 8);
	clock_end_epoch(hands_over(a, a));
	loads_flag(b);
	reads(b, 0, 8);
	ck_assert_uint_eq(racing[0], 1);
}
END_TEST

/* Thread c, which knows of a's write behind its store to the flag, tells a of that in @answer. */
static void learn_by(void (*answer)(void))
{
	stores_flag(a);
	clock_end_epoch(hands_over(a, c));
	writes(a, 0, 8);
	clock_end_epoch(hands_over(a, c));
	writes(c, 8, 8);
	answer();
	loads_flag(b);
	reads(b, 0, 8);
	ck_assert_uint_eq(racing[0], 0);
}

static void store_answer(void)
{
	accesses_at(c, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), ANSWER, 8);
}

static void load_answer(void)
{
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), ANSWER, 8);
}

static void answer_by_flag(void)
{
	store_answer();
	load_answer();
}

static void answer_by_flag_and_end(void)
{
	store_answer();
	thread_ending(&judge, c);
	thread_joined(&judge, first, c, 0);
	load_answer();
}

static void answer_by_end(void)
{
	thread_ending(&judge, c);
	thread_joined(&judge, a, c, 0);
}

START_TEST(what_a_third_thread_knew_comes_with_all_ways_to_learn_of_it)
{
	static void (*const answers[])(void) = {
		answer_by_flag,
		answer_by_flag_and_end,
		answer_by_end,
	};

	learn_by(answers[_i]);
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

int main(void)
{
	TCase *tests = tcase_create("race_held_back");

	tcase_add_checked_fixture(tests, set_up, NULL);
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
	tcase_add_test(tests, what_a_thread_knows_of_itself_is_not_assumed);
	tcase_add_loop_test(tests, what_a_third_thread_knew_comes_with_all_ways_to_learn_of_it, 0,
			    3);
	return racing_run(tests);
}
