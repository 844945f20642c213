/*
 * What a new edge of the lock-order graph costs: 100 000 locks in layers, as
 * programs nest them, 375 000 edges in random order; and a thousand nested
 * locks.  Prints nanoseconds per edge and the memory taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detect/lock_order/lock_order.h"

#define LOCK_COUNT 100000u
#define LAYER_COUNT 10u
#define EDGE_COUNT 375000u
#define NEST_DEPTH 1000u

static uint32_t note_report(void *context, const struct order_cycle *cycle)
{
	uint32_t *count = context;

	(void)cycle;
	return ++*count;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t random_below(uint32_t bound)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * bound >> 32);
}

/* Locks of one layer are spread over all ids. */
static lock_id lock_in(uint32_t layer)
{
	return 1 + layer + LAYER_COUNT * random_below(LOCK_COUNT / LAYER_COUNT);
}

static void print_result(const char *what, struct lock_order *order, const struct arena *arena,
			 uint64_t took_ns, uint32_t reports)
{
	struct order_statistics statistics = lock_order_statistics(order);

	printf("%s: %llu locks, %llu edges, %.0f ns per edge, %.1f MB, %u reports\n", what,
	       (unsigned long long)statistics.node_count, (unsigned long long)statistics.edge_count,
	       (double)took_ns / (double)statistics.edge_count,
	       (double)arena->taken_bytes / 1048576.0, reports);
}

static struct order_witness witness_by(thread_id thread)
{
	return (struct order_witness){
		.thread = thread,
		.structural = {.slot = thread, .epoch = 1},
		.hand_over = {.slot = thread, .epoch = 1},
	};
}

/* Random edges from outer to inner layers.  Returns the time of the slowest. */
static uint64_t add_layers(struct lock_order *order, bool is_each_timed)
{
	uint64_t worst_ns = 0;

	for (uint32_t i = 0; i < EDGE_COUNT; i++) {
		uint32_t layer = random_below(LAYER_COUNT - 1);
		uint32_t inner = layer + 1 + random_below(LAYER_COUNT - layer - 1);
		struct order_witness witness = witness_by(1 + i % 8);
		uint64_t start_ns = is_each_timed ? now_ns() : 0;
		uint64_t took_ns;

		if (!lock_order_add(order, lock_in(layer), lock_in(inner), &witness))
			exit(EXIT_FAILURE);
		took_ns = is_each_timed ? now_ns() - start_ns : 0;
		worst_ns = took_ns > worst_ns ? took_ns : worst_ns;
	}
	return worst_ns;
}

static void measure_layers(bool is_each_timed)
{
	struct named_ids named = {NULL}; /* no counts */
	struct arena arena;
	uint32_t reports = 0;
	uint64_t worst_ns;
	uint64_t start_ns;
	struct lock_order *order;

	arena_init(&arena, pages_from_kernel);
	order = lock_order_create(&arena, &named, note_report, &reports);
	start_ns = now_ns();
	worst_ns = add_layers(order, is_each_timed);
	if (is_each_timed)
		printf("layers: slowest edge %.2f ms\n", (double)worst_ns / 1e6);
	else
		print_result("layers", order, &arena, now_ns() - start_ns, reports);
}

static void nest_locks(struct lock_order *order, thread_id thread, bool is_descending)
{
	static struct gate held[NEST_DEPTH];

	for (uint32_t i = 0; i < NEST_DEPTH; i++)
		held[i].lock = i + 1;
	for (uint32_t depth = 1; depth < NEST_DEPTH; depth++) {
		struct order_witness witness = witness_by(thread);

		witness.gates = is_descending ? &held[NEST_DEPTH - depth] : held;
		witness.gate_count = depth;
		witness.to_stack = depth;
		for (uint32_t i = 0; i < depth; i++) {
			lock_id to = is_descending ? NEST_DEPTH - depth : depth + 1;

			if (!lock_order_add(order, is_descending ? NEST_DEPTH - i : i + 1, to,
					    &witness))
				exit(EXIT_FAILURE);
		}
	}
}

static void measure_nests(void)
{
	struct named_ids named = {NULL}; /* no counts */
	struct arena arena;
	uint32_t reports = 0;
	uint64_t start_ns;
	struct lock_order *order;

	arena_init(&arena, pages_from_kernel);
	order = lock_order_create(&arena, &named, note_report, &reports);
	start_ns = now_ns();
	nest_locks(order, 1, false);
	print_result("nest", order, &arena, now_ns() - start_ns, reports);
	start_ns = now_ns();
	nest_locks(order, 2, true);
	print_result("nest, both orders", order, &arena, now_ns() - start_ns, reports);
	printf("nest, both orders: %llu searches abandoned\n",
	       (unsigned long long)lock_order_statistics(order).abandoned_search_count);
}

int main(void)
{
	measure_layers(false);
	measure_layers(true);
	measure_nests();
	return EXIT_SUCCESS;
}
