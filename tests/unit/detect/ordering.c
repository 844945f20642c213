#include "ordering.h"

int pages_left;

static void *pages_from_libc(size_t size_bytes)
{
	if (pages_left == 0)
		return NULL;
	if (pages_left > 0)
		pages_left--;
	return calloc(1, size_bytes);
}

struct arena arena;
static struct named_ids named; /* no counts */
struct lock_order *order;
struct seen seen[REPORT_MAX];
uint32_t seen_count;

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

void set_up(void)
{
	pages_left = -1;
	seen_count = 0;
	arena_init(&arena, pages_from_libc);
	order = lock_order_create(&arena, &named, note_report, NULL);
	ck_assert_ptr_nonnull(order);
}

struct order_witness witness_of(thread_id thread)
{
	return (struct order_witness){
		.thread = thread,
		.structural = {.slot = thread, .epoch = 1},
		.hand_over = {.slot = thread, .epoch = 1},
	};
}

void add_order(lock_id from, lock_id to, struct order_witness witness)
{
	ck_assert(lock_order_add(order, from, to, &witness));
}

struct order_witness with_gate(struct order_witness witness, const struct gate *gate)
{
	witness.gates = gate;
	witness.gate_count = 1;
	return witness;
}

struct order_witness in_modes(struct order_witness witness, enum lock_mode from,
			      enum lock_mode to)
{
	witness.from_mode = from;
	witness.to_mode = to;
	return witness;
}

struct vclock_snapshot *clock_with(uint32_t slot)
{
	struct vclock clock = {0};
	struct vclock_snapshot *snapshot;

	vclock_set(&clock, &arena, slot, 1);
	snapshot = vclock_snapshot(&clock, &arena);
	vclock_free(&clock, &arena);
	return snapshot;
}

uint64_t count_suppressed(enum order_suppression reason)
{
	return lock_order_statistics(order).suppressed[reason];
}
