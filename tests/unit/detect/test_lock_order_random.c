/*
 * Random lock orders: the detector must agree with brute force over every simple
 * cycle with every choice of witnesses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect/lock_order/lock_order.h"

#define LOCK_COUNT 5u  /* 1..5 form cycles */
#define GATE_COUNT 7u  /* and 6 and 7 only gate */
#define THREAD_COUNT 4u
#define EPOCH_COUNT 2u
#define KEY_COUNT 100000u

/* How far the best choice of witnesses gets, in the order of the conditions;
 * above FOUND_VALID by its strength. */
enum { FOUND_NO_CYCLE, FOUND_SAME_THREAD, FOUND_GATE, FOUND_READERS, FOUND_VALID };

static void *pages_from_libc(size_t size_bytes)
{
	return calloc(1, size_bytes);
}

struct edge {
	uint32_t count;
	struct order_witness witnesses[LOCK_ORDER_WITNESS_MAX];
	struct gate gates[LOCK_ORDER_WITNESS_MAX][GATE_COUNT];
};

static struct arena arena;
static struct named_ids named; /* no counts */
static struct lock_order *order;
static struct edge edges[LOCK_COUNT + 1][LOCK_COUNT + 1];
static struct vclock_snapshot *clocks[2][THREAD_COUNT + 1][EPOCH_COUNT + 1];
static uint64_t suppressed[ORDER_SUPPRESSION_COUNT];

/* By cycle, whose locks are the digits of its key. */
static uint8_t reported_strength[KEY_COUNT];
static uint32_t reported_number[KEY_COUNT];
static uint32_t report_count;

static bool is_gated; /* mostly, by the last lock */
static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * bound >> 32);
}

static uint32_t key_of(const lock_id *locks, uint32_t length)
{
	uint32_t key = 0;

	for (uint32_t i = 0; i < length; i++)
		key = 10 * key + locks[i];
	return key;
}

static uint8_t strength_of(enum order_verdict verdict, bool is_timed)
{
	return (uint8_t)(6 - 2 * (unsigned)verdict - is_timed);
}

static uint32_t note_report(void *context, const struct order_cycle *cycle)
{
	uint8_t strength = strength_of(cycle->verdict, cycle->is_timed);
	lock_id locks[LOCK_ORDER_CYCLE_MAX];
	uint32_t key;

	(void)context;
	for (uint32_t i = 0; i < cycle->length; i++)
		locks[i] = cycle->edges[i].from;
	key = key_of(locks, cycle->length);
	ck_assert_uint_gt(strength, reported_strength[key]);
	ck_assert_uint_eq(cycle->replaces, reported_number[key]);
	reported_strength[key] = strength;
	reported_number[key] = ++report_count;
	return report_count;
}

static enum lock_mode mode_held(const struct order_witness *witness, lock_id from, lock_id lock,
				bool *is_held)
{
	*is_held = true;
	if (lock == from)
		return witness->from_mode;
	for (uint32_t i = 0; i < witness->gate_count; i++) {
		if (witness->gates[i].lock == lock)
			return witness->gates[i].mode;
	}
	*is_held = false;
	return LOCK_EXCLUSIVE;
}

static bool exclude_each_other(const struct order_witness *a, lock_id a_from,
			       const struct order_witness *b, lock_id b_from)
{
	for (lock_id lock = 1; lock <= GATE_COUNT; lock++) {
		bool is_held[2];
		enum lock_mode a_mode = mode_held(a, a_from, lock, &is_held[0]);
		enum lock_mode b_mode = mode_held(b, b_from, lock, &is_held[1]);

		if (is_held[0] && is_held[1] &&
		    (a_mode == LOCK_EXCLUSIVE || b_mode == LOCK_EXCLUSIVE))
			return true;
	}
	return false;
}

static bool must_wait(enum lock_mode wanted, enum lock_mode held)
{
	switch (wanted) {
	case LOCK_EXCLUSIVE:
	case LOCK_SHARED_QUEUED:
		return true;
	case LOCK_SHARED:
		return held == LOCK_EXCLUSIVE;
	case LOCK_PASSED_ON:
		break;
	}
	return false;
}

static int judge_choice(const lock_id *locks, uint32_t length,
			const struct order_witness *const *choice)
{
	enum order_verdict verdict = ORDER_CONCURRENT;
	bool is_timed = false;
	int worst = FOUND_VALID;

	for (uint32_t i = 0; i < length; i++) {
		const struct order_witness *next = choice[(i + 1) % length];

		is_timed |= choice[i]->is_timed;
		if (!must_wait(choice[i]->to_mode, next->from_mode))
			worst = FOUND_READERS;
	}
	for (uint32_t i = 0; i < length; i++) {
		for (uint32_t j = 0; j < i; j++) {
			const struct order_witness *a = choice[i];
			const struct order_witness *b = choice[j];
			enum order_verdict pair = ORDER_CONCURRENT;

			if (a->thread == b->thread)
				return FOUND_SAME_THREAD;
			if (exclude_each_other(a, locks[i], b, locks[j]))
				worst = FOUND_GATE;
			if (!stamps_concurrent(&a->hand_over, &b->hand_over))
				pair = ORDER_BY_HAND_OVER;
			if (!stamps_concurrent(&a->structural, &b->structural))
				pair = ORDER_BY_STRUCTURE;
			verdict = pair > verdict ? pair : verdict;
		}
	}
	return worst < FOUND_VALID ? worst : FOUND_VALID + strength_of(verdict, is_timed);
}

/* The furthest that any choice gets; FOUND_NO_CYCLE without an edge. */
static int judge_cycle(const lock_id *locks, uint32_t length, uint32_t index,
		       const struct order_witness **choice)
{
	const struct edge *edge;
	int best = FOUND_NO_CYCLE;

	if (index == length)
		return judge_choice(locks, length, choice);
	edge = &edges[locks[index]][locks[(index + 1) % length]];
	for (uint32_t i = 0; i < edge->count; i++) {
		int found;

		choice[index] = &edge->witnesses[i];
		found = judge_cycle(locks, length, index + 1, choice);
		best = found > best ? found : best;
	}
	return best;
}

typedef void (*cycle_visit)(const lock_id *locks, uint32_t length, void *context);

static void each_cycle(lock_id *locks, uint32_t length, cycle_visit visit, void *context)
{
	if (length >= 2)
		visit(locks, length, context);
	for (lock_id lock = locks[0] + 1; lock <= LOCK_COUNT; lock++) {
		bool is_used = false;

		for (uint32_t i = 0; i < length; i++)
			is_used |= locks[i] == lock;
		if (is_used)
			continue;
		locks[length] = lock;
		each_cycle(locks, length + 1, visit, context);
	}
}

static void visit_all(cycle_visit visit, void *context)
{
	lock_id locks[LOCK_COUNT];

	for (locks[0] = 1; locks[0] <= LOCK_COUNT; locks[0]++)
		each_cycle(locks, 1, visit, context);
}

static void count_suppressed(int found, uint64_t *counts)
{
	if (found == FOUND_SAME_THREAD)
		counts[SUPPRESSED_SAME_THREAD]++;
	if (found == FOUND_GATE)
		counts[SUPPRESSED_GATE]++;
	if (found == FOUND_READERS)
		counts[SUPPRESSED_READERS]++;
}

static void compare_cycle(const lock_id *locks, uint32_t length, void *context)
{
	const struct order_witness *choice[LOCK_COUNT];
	int found = judge_cycle(locks, length, 0, choice);
	uint8_t strength = (uint8_t)(found > FOUND_VALID ? found - FOUND_VALID : 0);

	ck_assert_uint_eq(reported_strength[key_of(locks, length)], strength);
	count_suppressed(found, context);
}

static void compare_all(void)
{
	struct order_statistics statistics = lock_order_statistics(order);
	uint64_t counts[ORDER_SUPPRESSION_COUNT];

	memcpy(counts, suppressed, sizeof(counts));
	visit_all(compare_cycle, counts);
	for (unsigned i = 0; i < ORDER_SUPPRESSION_COUNT; i++)
		ck_assert_uint_eq(statistics.suppressed[i], counts[i]);
	ck_assert_uint_eq(statistics.abandoned_search_count, 0);
	ck_assert_uint_eq(statistics.dropped_witness_count, 0);
}

static enum lock_mode random_mode(void)
{
	return random_below(2) ? LOCK_EXCLUSIVE : (enum lock_mode)random_below(3);
}

static struct vclock_snapshot *random_clock(uint32_t slot)
{
	struct vclock clock = {0};
	struct vclock_snapshot *snapshot;

	for (uint32_t i = 1; i <= THREAD_COUNT; i++)
		vclock_set(&clock, &arena, i, i == slot ? 1 : random_below(6) / 4);
	snapshot = vclock_snapshot(&clock, &arena);
	vclock_free(&clock, &arena);
	return snapshot;
}

static bool random_gate(lock_id lock, enum lock_mode *mode)
{
	bool is_common = is_gated && lock == GATE_COUNT && random_below(12) > 0;

	*mode = is_common ? LOCK_EXCLUSIVE : random_mode();
	return is_common || random_below(5) == 0;
}

static void add_random(void)
{
	lock_id from = 1 + random_below(LOCK_COUNT);
	lock_id to = 1 + (from + random_below(LOCK_COUNT - 1)) % LOCK_COUNT;
	struct edge *edge = &edges[from][to];
	struct order_witness *witness = &edge->witnesses[edge->count];
	uint32_t epoch = 1 + random_below(EPOCH_COUNT);
	thread_id thread = 1 + random_below(THREAD_COUNT);

	if (edge->count == LOCK_ORDER_WITNESS_MAX)
		return;
	*witness = (struct order_witness){
		.thread = thread,
		.from_mode = random_mode(),
		.to_mode = random_mode(),
		.is_timed = random_below(4) == 0,
		.structural = {thread, epoch, clocks[0][thread][epoch]},
		.hand_over = {thread, epoch, clocks[1][thread][epoch]},
		.gates = edge->gates[edge->count],
	};
	for (lock_id lock = 1; lock <= GATE_COUNT; lock++) {
		enum lock_mode mode;

		if (lock == to || lock == from || !random_gate(lock, &mode))
			continue;
		edge->gates[edge->count][witness->gate_count++] = (struct gate){lock, mode};
	}
	edge->count++;
	ck_assert(lock_order_add(order, from, to, witness));
}

static void retire_cycle(const lock_id *locks, uint32_t length, void *context)
{
	const lock_id *removed = context;
	const struct order_witness *choice[LOCK_COUNT];
	bool is_on_cycle = false;
	uint32_t key = key_of(locks, length);

	for (uint32_t i = 0; i < length; i++)
		is_on_cycle |= locks[i] == *removed;
	if (!is_on_cycle)
		return;
	count_suppressed(judge_cycle(locks, length, 0, choice), suppressed);
	reported_strength[key] = 0;
	reported_number[key] = 0;
}

static void remove_random(void)
{
	lock_id lock = 1 + random_below(LOCK_COUNT);

	visit_all(retire_cycle, &lock);
	for (lock_id other = 1; other <= LOCK_COUNT; other++) {
		edges[lock][other].count = 0;
		edges[other][lock].count = 0;
	}
	lock_order_remove(order, lock);
}

static void start_trial(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15u + 1;
	is_gated = seed % 2;
	arena_init(&arena, pages_from_libc);
	order = lock_order_create(&arena, &named, note_report, NULL);
	report_count = 0;
	memset(edges, 0, sizeof(edges));
	memset(suppressed, 0, sizeof(suppressed));
	memset(reported_strength, 0, sizeof(reported_strength));
	memset(reported_number, 0, sizeof(reported_number));
	for (uint32_t i = 1; i <= THREAD_COUNT; i++) {
		for (uint32_t epoch = 1; epoch <= EPOCH_COUNT; epoch++) {
			clocks[0][i][epoch] = random_clock(i);
			clocks[1][i][epoch] = random_clock(i);
		}
	}
}

START_TEST(random_orders_are_judged_as_by_brute_force)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		start_trial(seed);
		for (unsigned i = 0; i < 25; i++) {
			add_random();
			compare_all();
		}
	}
}
END_TEST

START_TEST(random_orders_with_removals_are_judged_as_by_brute_force)
{
	for (uint64_t seed = 1001; seed <= 1100; seed++) {
		start_trial(seed);
		for (unsigned i = 0; i < 50; i++) {
			if (random_below(8) == 0)
				remove_random();
			else
				add_random();
			compare_all();
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock_order_random");
	TCase *tests = tcase_create("random");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, random_orders_are_judged_as_by_brute_force);
	tcase_add_test(tests, random_orders_with_removals_are_judged_as_by_brute_force);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
