#include "ordering.h"

START_TEST(second_cycle_in_a_component_is_reported)
{
	add_order(A, B, witness_of(1));
	add_order(B, A, witness_of(2));
	add_order(B, C, witness_of(1));
	add_order(C, B, witness_of(2));
	add_order(A, C, witness_of(3));
	/* A-C-B-A has the threads 3, 2, 2. */
	ck_assert_uint_eq(seen_count, 2);
	add_order(C, A, witness_of(4));
	/* A-C-A, and A-B-C-A by 1, 1, 4. */
	ck_assert_uint_eq(seen_count, 3);
}
END_TEST

START_TEST(cycle_of_eight_is_reported_whole)
{
	for (lock_id lock = 1; lock <= 8; lock++)
		add_order(lock, lock % 8 + 1, witness_of(lock));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 8);
	ck_assert(!seen[0].cycle.is_truncated);
}
END_TEST

START_TEST(longer_cycle_is_reported_once_and_truncated)
{
	for (lock_id lock = 1; lock <= 1000; lock++)
		add_order(lock, lock % 1000 + 1, witness_of(lock));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 1000);
	ck_assert(seen[0].cycle.is_truncated);
	ck_assert_int_eq(seen[0].cycle.verdict, ORDER_CONCURRENT);
	add_order(3, 2000, witness_of(1));
	add_order(2000, 4, witness_of(1));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(longer_cycle_of_one_thread_is_counted_only)
{
	for (lock_id lock = 1; lock <= 20; lock++)
		add_order(lock, lock % 20 + 1, witness_of(1));
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(count_suppressed(SUPPRESSED_SAME_THREAD), 1);
}
END_TEST

START_TEST(removed_lock_takes_its_cycles_along)
{
	add_order(A, B, witness_of(1));
	add_order(B, A, witness_of(1));
	ck_assert(lock_order_is_refining(order));
	lock_order_remove(order, B);
	lock_order_remove(order, 77);
	ck_assert(!lock_order_is_refining(order));
	ck_assert_uint_eq(lock_order_statistics(order).edge_count, 0);
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 0);
	add_order(B, A, witness_of(2));
	ck_assert_uint_eq(seen_count, 0);
	add_order(A, B, witness_of(1));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(a_cycle_needs_all_its_locks_alive)
{
	add_order(A, B, witness_of(1));
	add_order(B, C, witness_of(2));
	lock_order_remove(order, B);
	add_order(C, A, witness_of(3));
	ck_assert_uint_eq(seen_count, 0);
	add_order(A, C, witness_of(1));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(witnesses_per_edge_are_bounded_and_losses_counted)
{
	for (thread_id thread = 1; thread <= 100; thread++)
		add_order(A, B, witness_of(thread));
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, LOCK_ORDER_WITNESS_MAX);
	ck_assert_uint_eq(lock_order_statistics(order).dropped_witness_count,
			  100 - LOCK_ORDER_WITNESS_MAX);
}
END_TEST

START_TEST(distinct_lock_set_outlives_many_equal_ones)
{
	const struct gate gate = {G, LOCK_EXCLUSIVE};

	add_order(A, B, witness_of(1));
	for (thread_id thread = 2; thread <= 100; thread++)
		add_order(A, B, with_gate(witness_of(thread), &gate));
	add_order(B, A, with_gate(witness_of(200), &gate));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].threads[0], 1);
}
END_TEST

/* Both orders of lock 100 and each of many others: more cycles than can be visited. */
static void add_dense_orders(const struct gate *gate)
{
	for (lock_id lock = 101; lock <= 4100; lock++) {
		add_order(100, lock, with_gate(witness_of(1 + lock % 2), gate));
		add_order(lock, 100, with_gate(witness_of(3), gate));
	}
}

START_TEST(dense_cycles_behind_a_common_gate_are_not_searched)
{
	const struct gate gate = {G, LOCK_EXCLUSIVE};

	add_dense_orders(&gate);
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_uint_eq(lock_order_statistics(order).abandoned_search_count, 0);
	add_order(100, 101, witness_of(4));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 2);
}
END_TEST

START_TEST(components_behind_two_gates_have_none_in_common)
{
	const struct gate first = {G, LOCK_EXCLUSIVE};
	const struct gate second = {H, LOCK_EXCLUSIVE};

	add_dense_orders(&first);
	add_order(A, B, with_gate(witness_of(1), &second));
	add_order(B, A, with_gate(witness_of(2), &second));
	add_order(100, A, with_gate(witness_of(1), &first));
	add_order(A, 100, with_gate(witness_of(2), &first));
	ck_assert_uint_eq(seen_count, 0);
	add_order(A, B, with_gate(witness_of(3), &first));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(more_held_locks_are_no_other_witness)
{
	struct gate gates[] = {{G, LOCK_EXCLUSIVE}, {G + 1, LOCK_EXCLUSIVE}};
	struct order_witness witness = witness_of(1);

	add_order(A, B, with_gate(witness_of(1), &gates[0]));
	witness.gates = gates;
	witness.gate_count = 2;
	for (lock_id lock = 1; lock <= 100; lock++) {
		gates[1].lock = G + lock;
		add_order(A, B, witness);
	}
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 1);
	ck_assert_uint_eq(lock_order_statistics(order).dropped_witness_count, 0);
	gates[0].mode = LOCK_SHARED;
	add_order(A, B, with_gate(witness_of(1), &gates[0]));
	add_order(A, B, witness_of(1));
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 3);
}
END_TEST

START_TEST(dropped_witness_is_still_judged)
{
	struct gate gate = {G, LOCK_EXCLUSIVE};

	add_order(B, A, witness_of(1));
	for (lock_id lock = 0; lock < 20; lock++) {
		gate.lock = G + lock;
		add_order(A, B, with_gate(witness_of(1), &gate));
	}
	ck_assert_uint_eq(seen_count, 0);
	add_order(A, B, with_gate(witness_of(2), &gate));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(refining_ends_when_nothing_new_comes)
{
	add_order(A, B, witness_of(1));
	add_order(B, A, witness_of(1));
	for (unsigned i = 0; i < 20000; i++)
		add_order(A, B, witness_of(1));
	ck_assert(!lock_order_is_refining(order));
	add_order(B, A, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

static void want_all_below(lock_id *locks, uint32_t held, const struct order_witness *common)
{
	static struct gate gates[1024];
	struct order_witness witness = *common;

	for (uint32_t i = 0; i < held; i++) {
		uint32_t place = i;

		for (; place > 0 && gates[place - 1].lock > locks[i]; place--)
			gates[place] = gates[place - 1];
		gates[place].lock = locks[i];
	}
	witness.gates = gates;
	witness.gate_count = held;
	for (uint32_t i = 0; i < held; i++)
		add_order(locks[i], locks[held], witness);
}

START_TEST(a_thousand_nested_locks_are_exact)
{
	static lock_id locks[1000];
	struct order_witness witness = witness_of(1);

	for (uint32_t i = 0; i < 1000; i++)
		locks[i] = i + 1;
	for (uint32_t i = 1; i < 1000; i++) {
		witness.to_stack = i;
		want_all_below(locks, i, &witness);
	}
	ck_assert_uint_eq(lock_order_statistics(order).edge_count, 1000 * 999 / 2);
	ck_assert_uint_lt(arena.taken_bytes, (size_t)100 << 20);
	ck_assert_uint_eq(seen_count, 0);
	add_order(1000, 1, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].cycle.length, 2);
	ck_assert_uint_eq(lock_order_statistics(order).abandoned_search_count, 0);
	for (uint32_t i = 0; i < 1000; i++)
		lock_order_remove(order, locks[i]);
	ck_assert_uint_eq(lock_order_statistics(order).node_count, 0);
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, 0);
}
END_TEST

START_TEST(nests_in_both_orders_report_the_pairs_that_can_meet)
{
	static lock_id locks[60];

	for (uint32_t i = 0; i < 60; i++)
		locks[i] = i + 1;
	for (uint32_t i = 1; i < 60; i++) {
		struct order_witness witness = witness_of(1);

		want_all_below(locks, i, &witness);
	}
	for (uint32_t i = 0; i < 60; i++)
		locks[i] = 60 - i;
	for (uint32_t i = 1; i < 60; i++) {
		struct order_witness witness = witness_of(2);

		want_all_below(locks, i, &witness);
	}
	/* The second thread held all above its lock, the first all below: only
	 * where those meet do they hold no lock in common. */
	ck_assert_uint_eq(lock_order_statistics(order).edge_count, 60 * 59);
	ck_assert_uint_eq(seen_count, 59);
	for (uint32_t i = 0; i < seen_count; i++)
		ck_assert_uint_eq(seen[i].cycle.length, 2);
}
END_TEST

START_TEST(exhausted_memory_leaves_the_graph_as_it_was)
{
	struct order_statistics before;
	struct order_witness witness = witness_of(1);
	lock_id lock = 1;

	pages_left = 3;
	do {
		before = lock_order_statistics(order);
		lock++;
	} while (lock_order_add(order, lock, lock + 1, &witness));
	ck_assert_uint_gt(before.edge_count, 100);
	ck_assert_uint_eq(lock_order_statistics(order).edge_count, before.edge_count);
	ck_assert_uint_eq(lock_order_statistics(order).node_count, before.node_count);
	ck_assert_uint_eq(lock_order_statistics(order).witness_count, before.witness_count);
	pages_left = -1;
	add_order(3, 2, witness_of(2));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(churn_does_not_grow_memory)
{
	size_t taken_bytes = 0;
	const struct gate gate = {G, LOCK_EXCLUSIVE};

	for (unsigned round = 0; round < 2000; round++) {
		for (lock_id lock = 100; lock < 110; lock++) {
			add_order(lock, lock + 1, witness_of(lock));
			add_order(lock + 1, lock, with_gate(witness_of(lock), &gate));
			add_order(lock + 1, lock - 1, witness_of(lock));
		}
		for (lock_id lock = 99; lock < 111; lock++)
			lock_order_remove(order, lock);
		if (round == 100)
			taken_bytes = arena.taken_bytes;
	}
	ck_assert_uint_eq(arena.taken_bytes, taken_bytes);
}
END_TEST

static void add_bounds(Suite *suite)
{
	TCase *tests = tcase_create("bounds");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, second_cycle_in_a_component_is_reported);
	tcase_add_test(tests, cycle_of_eight_is_reported_whole);
	tcase_add_test(tests, longer_cycle_is_reported_once_and_truncated);
	tcase_add_test(tests, longer_cycle_of_one_thread_is_counted_only);
	tcase_add_test(tests, removed_lock_takes_its_cycles_along);
	tcase_add_test(tests, a_cycle_needs_all_its_locks_alive);
	tcase_add_test(tests, witnesses_per_edge_are_bounded_and_losses_counted);
	tcase_add_test(tests, distinct_lock_set_outlives_many_equal_ones);
	tcase_add_test(tests, dense_cycles_behind_a_common_gate_are_not_searched);
	tcase_add_test(tests, components_behind_two_gates_have_none_in_common);
	tcase_add_test(tests, more_held_locks_are_no_other_witness);
	tcase_add_test(tests, dropped_witness_is_still_judged);
	tcase_add_test(tests, refining_ends_when_nothing_new_comes);
	tcase_add_test(tests, a_thousand_nested_locks_are_exact);
	tcase_add_test(tests, nests_in_both_orders_report_the_pairs_that_can_meet);
	tcase_add_test(tests, exhausted_memory_leaves_the_graph_as_it_was);
	tcase_add_test(tests, churn_does_not_grow_memory);
	suite_add_tcase(suite, tests);
}

int main(void)
{
	Suite *suite = suite_create("lock_order_bounds");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	add_bounds(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
