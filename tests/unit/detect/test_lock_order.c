#include "ordering.h"

START_TEST(opposite_orders_of_two_threads_are_reported)
{
	struct order_witness first = witness_of(1);
	struct order_witness second = witness_of(2);

	first.from_stack = 11;
	first.to_stack = 12;
	second.from_stack = 21;
	second.to_stack = 22;
	add_order(A, B, first);
	ck_assert_uint_eq(seen_count, 0);
	add_order(B, A, second);
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 2);
	ck_assert_int_eq(seen[0].cycle.verdict, ORDER_CONCURRENT);
	ck_assert(!seen[0].cycle.is_timed && !seen[0].cycle.is_truncated);
	ck_assert_uint_eq(seen[0].cycle.replaces, 0);
	ck_assert_uint_eq(seen[0].cycle.edges[0].from, A);
	ck_assert_uint_eq(seen[0].stacks[0], 11);
	ck_assert_uint_eq(seen[0].stacks[1], 12);
	ck_assert_uint_eq(seen[0].stacks[2], 21);
	ck_assert_uint_eq(seen[0].stacks[3], 22);
}
END_TEST

START_TEST(ring_of_three_is_reported_with_every_edge)
{
	add_order(C, A, witness_of(3));
	add_order(A, B, witness_of(1));
	add_order(B, C, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 3);
	ck_assert_uint_eq(seen[0].threads[0], 1);
	ck_assert_uint_eq(seen[0].threads[1], 2);
	ck_assert_uint_eq(seen[0].threads[2], 3);
}
END_TEST

START_TEST(both_orders_in_one_thread_are_counted_only)
{
	add_order(A, B, witness_of(1));
	add_order(B, A, witness_of(1));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_SAME_THREAD), 1);
	ck_assert(lock_order_is_refining(order));
	add_order(B, A, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_SAME_THREAD), 0);
	ck_assert(!lock_order_is_refining(order));
}
END_TEST

START_TEST(one_thread_twice_in_a_ring_of_three_is_no_finding)
{
	add_order(A, B, witness_of(1));
	add_order(B, C, witness_of(2));
	add_order(C, A, witness_of(1));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_SAME_THREAD), 1);
}
END_TEST

START_TEST(common_gate_silences)
{
	const struct gate gate = {G, LOCK_EXCLUSIVE};

	add_order(A, B, with_gate(witness_of(1), &gate));
	add_order(B, A, with_gate(witness_of(2), &gate));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_GATE), 1);
}
END_TEST

START_TEST(gate_that_both_only_read_does_not_silence)
{
	const struct gate reader = {G, LOCK_SHARED};
	const struct gate queued = {G, LOCK_SHARED_QUEUED};

	add_order(A, B, with_gate(witness_of(1), &reader));
	add_order(B, A, with_gate(witness_of(2), &queued));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(gate_that_one_writes_silences)
{
	const struct gate reader = {G, LOCK_SHARED};
	const struct gate writer = {G, LOCK_EXCLUSIVE};

	add_order(A, B, with_gate(witness_of(1), &reader));
	add_order(B, A, with_gate(witness_of(2), &writer));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_GATE), 1);
}
END_TEST

START_TEST(lock_of_the_cycle_that_another_holds_too_is_a_gate)
{
	const struct gate gate = {B, LOCK_EXCLUSIVE};

	add_order(A, B, witness_of(1));
	add_order(B, C, witness_of(2));
	add_order(C, A, with_gate(witness_of(3), &gate));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_GATE), 1);
}
END_TEST

START_TEST(from_among_the_gates_makes_no_difference)
{
	const struct gate both[] = {{A, LOCK_EXCLUSIVE}, {G, LOCK_EXCLUSIVE}};
	struct order_witness witness = witness_of(1);

	add_order(A, B, with_gate(witness_of(1), &both[1]));
	witness.gates = both;
	witness.gate_count = 2;
	add_order(A, B, witness);
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 1);
	add_order(B, A, with_gate(witness_of(2), &both[1]));
	ck_assert_uint_eq(seen_count, 0);
}
END_TEST

START_TEST(reported_gates_are_the_other_locks)
{
	const struct gate gates[] = {{A, LOCK_EXCLUSIVE}, {G, LOCK_EXCLUSIVE}};
	struct order_witness witness = witness_of(1);

	witness.gates = gates;
	witness.gate_count = 2;
	add_order(A, B, witness);
	add_order(B, A, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].gate_counts[0], 1);
	ck_assert_uint_eq(seen[0].first_gates[0], G);
	ck_assert_uint_eq(seen[0].gate_counts[1], 0);
}
END_TEST

START_TEST(gated_once_and_ungated_later_is_reported)
{
	const struct gate gate = {G, LOCK_EXCLUSIVE};

	add_order(A, B, with_gate(witness_of(1), &gate));
	add_order(B, A, with_gate(witness_of(2), &gate));
	add_order(A, B, witness_of(1));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_GATE), 0);
}
END_TEST

START_TEST(cycle_is_reported_once)
{
	add_order(A, B, witness_of(1));
	add_order(B, A, witness_of(2));
	add_order(A, B, witness_of(3));
	add_order(B, A, witness_of(4));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(structural_order_gives_the_weakest_verdict)
{
	struct order_witness second = witness_of(2);

	second.structural.clock = clock_with(1);
	second.hand_over.clock = second.structural.clock;
	add_order(A, B, witness_of(1));
	add_order(B, A, second);
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_int_eq(seen[0].cycle.verdict, ORDER_BY_STRUCTURE);
}
END_TEST

START_TEST(hand_over_gives_a_weaker_verdict_that_is_refined)
{
	struct order_witness second = witness_of(2);

	second.hand_over.clock = clock_with(1);
	add_order(A, B, witness_of(1));
	add_order(B, A, second);
	ck_assert_int_eq(seen[0].cycle.verdict, ORDER_BY_HAND_OVER);
	ck_assert(lock_order_is_refining(order));

	/* The same again, but after the first thread's next post. */
	struct order_witness later = witness_of(1);

	later.hand_over.epoch = 2;
	add_order(A, B, later);
	ck_assert_uint_eq(seen_count, 2);
	ck_assert_int_eq(seen[1].cycle.verdict, ORDER_CONCURRENT);
	ck_assert_uint_eq(seen[1].cycle.replaces, 1);
	ck_assert(!lock_order_is_refining(order));
}
END_TEST

START_TEST(harmless_first_witness_does_not_hide_a_real_one)
{
	struct order_witness worker = witness_of(2);
	struct order_witness again = witness_of(1);

	worker.structural.clock = clock_with(1);
	worker.hand_over.clock = worker.structural.clock;
	add_order(A, B, witness_of(1)); /* main, before it creates the worker */
	add_order(B, A, worker);
	again.structural.epoch = 2;
	again.hand_over.epoch = 2;
	add_order(A, B, again);
	ck_assert_uint_eq(seen_count, 2);
	ck_assert_int_eq(seen[1].cycle.verdict, ORDER_CONCURRENT);
	ck_assert_uint_eq(seen[1].cycle.replaces, 1);
}
END_TEST

START_TEST(other_hand_over_stamps_are_not_kept_without_need)
{
	struct order_witness later = witness_of(1);

	later.hand_over.epoch = 2;
	add_order(A, B, witness_of(1));
	add_order(A, B, later);
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 1);
}
END_TEST

START_TEST(untimed_wait_is_preferred_and_replaces_a_timed_one)
{
	struct order_witness timed = witness_of(1);

	timed.is_timed = true;
	add_order(A, B, timed);
	add_order(B, A, witness_of(2));
	ck_assert(seen[0].cycle.is_timed);
	add_order(A, B, witness_of(1));
	ck_assert_uint_eq(seen_count, 2);
	ck_assert(!seen[1].cycle.is_timed);
	ck_assert_uint_eq(seen[1].cycle.replaces, 1);
	add_order(B, A, timed);
	ck_assert_uint_eq(seen_count, 2);
}
END_TEST

START_TEST(cycle_of_reads_is_silent)
{
	add_order(A, B, in_modes(witness_of(1), LOCK_SHARED, LOCK_SHARED));
	add_order(B, A, in_modes(witness_of(2), LOCK_SHARED, LOCK_SHARED));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_READERS), 1);
}
END_TEST

START_TEST(cycle_of_queued_reads_is_reported)
{
	add_order(A, B, in_modes(witness_of(1), LOCK_SHARED_QUEUED, LOCK_SHARED_QUEUED));
	add_order(B, A, in_modes(witness_of(2), LOCK_SHARED_QUEUED, LOCK_SHARED_QUEUED));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(one_read_that_meets_a_read_breaks_the_cycle)
{
	/* The wait for A is real, the one for B is not. */
	add_order(A, B, in_modes(witness_of(1), LOCK_EXCLUSIVE, LOCK_SHARED));
	add_order(B, A, in_modes(witness_of(2), LOCK_SHARED, LOCK_EXCLUSIVE));
	ck_assert_uint_eq(seen_count, 0);
	add_order(B, A, in_modes(witness_of(2), LOCK_EXCLUSIVE, LOCK_EXCLUSIVE));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(write_that_waits_for_readers_is_reported)
{
	add_order(A, B, in_modes(witness_of(1), LOCK_SHARED, LOCK_EXCLUSIVE));
	add_order(B, A, in_modes(witness_of(2), LOCK_SHARED, LOCK_EXCLUSIVE));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

static void add_rules(Suite *suite)
{
	TCase *tests = tcase_create("rules");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, opposite_orders_of_two_threads_are_reported);
	tcase_add_test(tests, ring_of_three_is_reported_with_every_edge);
	tcase_add_test(tests, both_orders_in_one_thread_are_counted_only);
	tcase_add_test(tests, one_thread_twice_in_a_ring_of_three_is_no_finding);
	tcase_add_test(tests, common_gate_silences);
	tcase_add_test(tests, gate_that_both_only_read_does_not_silence);
	tcase_add_test(tests, gate_that_one_writes_silences);
	tcase_add_test(tests, lock_of_the_cycle_that_another_holds_too_is_a_gate);
	tcase_add_test(tests, from_among_the_gates_makes_no_difference);
	tcase_add_test(tests, reported_gates_are_the_other_locks);
	tcase_add_test(tests, gated_once_and_ungated_later_is_reported);
	tcase_add_test(tests, cycle_is_reported_once);
	tcase_add_test(tests, structural_order_gives_the_weakest_verdict);
	tcase_add_test(tests, hand_over_gives_a_weaker_verdict_that_is_refined);
	tcase_add_test(tests, harmless_first_witness_does_not_hide_a_real_one);
	tcase_add_test(tests, other_hand_over_stamps_are_not_kept_without_need);
	tcase_add_test(tests, untimed_wait_is_preferred_and_replaces_a_timed_one);
	tcase_add_test(tests, cycle_of_reads_is_silent);
	tcase_add_test(tests, cycle_of_queued_reads_is_reported);
	tcase_add_test(tests, one_read_that_meets_a_read_breaks_the_cycle);
	tcase_add_test(tests, write_that_waits_for_readers_is_reported);
	suite_add_tcase(suite, tests);
}

int main(void)
{
	Suite *suite = suite_create("lock_order");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	add_rules(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
