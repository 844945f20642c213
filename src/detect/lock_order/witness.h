/*
 * Witnesses of lock-order edges, stored compactly.
 *
 * A thread that wants one lock holding a thousand adds a thousand witnesses.
 * What they have in common, the moment, is stored once.  The set of locks held,
 * which many moments share, is interned.
 */
#ifndef DETECT_LOCK_ORDER_WITNESS_H
#define DETECT_LOCK_ORDER_WITNESS_H

#include "base/intern.h"
#include "detect/lock_order/lock_order.h"
#include "detect/lock_order/graph.h"

struct lock_set {
	struct intern_link link;
	uint32_t references;
	uint32_t count;
	uint64_t hash;
	uint64_t signature; /* a bit per lock: sets without a common bit are disjoint */
	struct gate locks[]; /* sorted by id */
};

enum moment_clock { MOMENT_STRUCTURAL, MOMENT_HAND_OVER, MOMENT_CLOCK_COUNT };

/* Most edges have one of their own, so it has 64 bytes and no more. */
struct order_moment {
	uint32_t references;
	thread_id thread;
	stack_id to_stack;
	uint8_t to_mode; /* enum lock_mode */
	bool is_timed;
	struct lock_set *held; /* NULL: 'from' alone */
	uint32_t slots[MOMENT_CLOCK_COUNT]; /* the stamps, field by field */
	uint64_t epochs[MOMENT_CLOCK_COUNT];
	struct vclock_snapshot *clocks[MOMENT_CLOCK_COUNT];
};

static inline struct clock_stamp moment_stamp(const struct order_moment *moment,
					      enum moment_clock clock)
{
	return (struct clock_stamp){moment->slots[clock], moment->epochs[clock],
				    moment->clocks[clock]};
}

struct edge_witness {
	struct edge_witness *next;
	struct order_moment *moment;
	stack_id from_stack;
	uint8_t from_mode; /* enum lock_mode */
	bool is_unpublished;
	bool is_older_first;
};

struct witness_store {
	struct arena *arena;
	struct named_ids *named; /* the locks of all sets */
	struct intern_table sets;
	struct order_moment *last; /* likely that of the next witness too */
	uint64_t last_number;	   /* order_witness.moment of its last witness */
	uint64_t count;
};

void witness_store_init(struct witness_store *store, struct arena *arena,
			struct named_ids *named);

/* NULL when memory is exhausted. */
struct edge_witness *witness_create(struct witness_store *store, lock_id from,
				    const struct order_witness *described);

void witness_free(struct witness_store *store, struct edge_witness *witness);

/* Does @witness add nothing to those of @edge?  If @is_refining, one with
 * another hand-over stamp does. */
bool witness_is_covered(const struct order_edge *edge, const struct edge_witness *witness,
			bool is_refining);

void witness_append(struct order_edge *edge, struct edge_witness *witness);

/* If @edge has more than LOCK_ORDER_WITNESS_MAX, frees the least useful one. */
bool witness_trim(struct witness_store *store, struct order_edge *edge);

/* All locks held, by id.  @single is storage for 'from' if it is the only one. */
const struct gate *witness_get_locks(const struct order_edge *edge,
				     const struct edge_witness *witness, struct gate *single,
				     uint32_t *count);

/* What the locks have in common that two threads held. */
enum common_lock {
	COMMON_NONE,
	COMMON_PASSED_ON, /* a semaphore that may have let both in, or not */
	COMMON_EXCLUDES	  /* one that excludes one of them */
};

enum common_lock witness_common_lock(const struct order_edge *a_edge, const struct edge_witness *a,
				     const struct order_edge *b_edge,
				     const struct edge_witness *b);

/* The gates are a copy, without 'from'; none if memory is exhausted. */
void witness_describe(const struct witness_store *store, lock_id from,
		      const struct edge_witness *witness, struct order_witness *described);

void witness_free_description(const struct witness_store *store,
			      const struct order_witness *described);

#endif
