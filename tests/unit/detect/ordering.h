/* A lock-order graph without a detector, and what it reports. */
#ifndef TESTS_UNIT_DETECT_ORDERING_H
#define TESTS_UNIT_DETECT_ORDERING_H

#include <check.h>
#include <stdlib.h>

#include "detect/lock_order/lock_order.h"

enum { A = 1, B, C, D, G, H };

#define REPORT_MAX 4096u

struct seen {
	struct order_cycle cycle;
	thread_id threads[LOCK_ORDER_CYCLE_MAX];
	stack_id stacks[2 * LOCK_ORDER_CYCLE_MAX];
	uint32_t gate_counts[LOCK_ORDER_CYCLE_MAX];
	lock_id first_gates[LOCK_ORDER_CYCLE_MAX];
};

extern int pages_left; /* that the arena may still take; negative: any number */
extern struct arena arena;
extern struct lock_order *order;
extern struct seen seen[REPORT_MAX];
extern uint32_t seen_count;

void set_up(void);

/* Thread t has slot t; by default it knows of nobody. */
struct order_witness witness_of(thread_id thread);
struct order_witness with_gate(struct order_witness witness, const struct gate *gate);
struct order_witness in_modes(struct order_witness witness, enum lock_mode from,
			      enum lock_mode to);

void add_order(lock_id from, lock_id to, struct order_witness witness);

/* A clock that covers epoch 1 of @slot. */
struct vclock_snapshot *clock_with(uint32_t slot);

uint64_t count_suppressed(enum order_suppression reason);

#endif
