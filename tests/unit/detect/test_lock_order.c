#include <check.h>
#include <stdlib.h>

#include "detect/lock_order/lock_order.h"

static int pages_left;

static void *pages_from_libc(size_t size_bytes)
{
	if (pages_left == 0)
		return NULL;
	if (pages_left > 0)
		pages_left--;
	return calloc(1, size_bytes);
}

enum { A = 1, B, C, D, G, H };

#define REPORT_MAX 4096u

struct seen {
	struct order_cycle cycle;
	thread_id threads[LOCK_ORDER_CYCLE_MAX];
	stack_id stacks[2 * LOCK_ORDER_CYCLE_MAX];
	uint32_t gate_counts[LOCK_ORDER_CYCLE_MAX];
	lock_id first_gates[LOCK_ORDER_CYCLE_MAX];
};

static struct arena arena;
static struct named_ids named; /* no counts */
static struct lock_order *order;
static struct seen seen[REPORT_MAX];
static uint32_t seen_count;

static uint32_t note_report(void *context, const struct order_cycle *cycle)
{
	struct seen *report = &seen[seen_count % REPORT_MAX];
	uint32_t shown = cycle->is_truncated ? LOCK_ORDER_CYCLE_MAX : cycle->length;

	(void)context;
	report->cycle = *cycle;
	for (uint32_t i = 0; i < shown; i++) {
		report->threads[i] = cycle->edges[i].witness->thread;
		report->stacks[2 * i] = cycle->edges[i].witness->from_stack;
		report->stacks[2 * i + 1] = cycle->edges[i].witness->to_stack;
		report->gate_counts[i] = cycle->edges[i].witness->gate_count;
		if (report->gate_counts[i] > 0)
			report->first_gates[i] = cycle->edges[i].witness->gates[0].lock;
		if (i > 0)
			ck_assert_uint_eq(cycle->edges[i].from, cycle->edges[i - 1].to);
	}
	if (!cycle->is_truncated)
		ck_assert_uint_eq(cycle->edges[shown - 1].to, cycle->edges[0].from);
	return ++seen_count;
}

static void set_up(void)
{
	pages_left = -1;
	seen_count = 0;
	arena_init(&arena, pages_from_libc);
	order = lock_order_create(&arena, &named, note_report, NULL);
	ck_assert_ptr_nonnull(order);
}

/* Thread t has slot t; by default it knows of nobody. */
static struct order_witness witness_of(thread_id thread)
{
	return (struct order_witness){
		.thread = thread,
		.structural = {.slot = thread, .epoch = 1},
		.hand_over = {.slot = thread, .epoch = 1},
	};
}

static void add_order(lock_id from, lock_id to, struct order_witness witness)
{
	ck_assert(lock_order_add(order, from, to, &witness));
}

static struct order_witness with_gate(struct order_witness witness, const struct gate *gate)
{
	witness.gates = gate;
	witness.gate_count = 1;
	return witness;
}

static struct order_witness in_modes(struct order_witness witness, enum lock_mode from,
				     enum lock_mode to)
{
	witness.from_mode = from;
	witness.to_mode = to;
	return witness;
}

/* A clock that covers epoch 1 of @slot. */
static struct vclock_snapshot *clock_with(uint32_t slot)
{
	struct vclock clock = {0};
	struct vclock_snapshot *snapshot;

	vclock_set(&clock, &arena, slot, 1);
	snapshot = vclock_snapshot(&clock, &arena);
	vclock_free(&clock, &arena);
	return snapshot;
}

static uint64_t count_suppressed(enum order_suppression reason)
{
	return lock_order_statistics(order).suppressed[reason];
}

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
	Suite *suite = suite_create("lock_order");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	add_rules(suite);
	add_bounds(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
