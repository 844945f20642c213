/*
 * Finds the cycles that a new witness closes, and classifies them.
 *
 * The search runs inside one component, from the edge of the new witness on,
 * and finds short cycles first.  A first pass follows only paths that have a
 * valid choice of witnesses, and reports the cycles that it finds.  A second
 * pass, with fewer steps, follows all paths and counts the other cycles by the
 * reason that suppresses them.
 *
 * If the edge lies on no cycle of at most LOCK_ORDER_CYCLE_MAX locks, a third
 * search finds the shortest cycle through it (philosophers around a large
 * table).  At most one such cycle is reported per component, with its first
 * edges; again only if a stronger one is found.
 *
 * If all witnesses of a component held a common gate, it has no valid choice: then there is
 * no first pass, and nothing is counted once the steps did not suffice for that.
 *
 * Dense components have more cycles than can be visited.  So searches spend
 * steps of a credit that grows with the graph, and each may spend some steps
 * even if the credit is used up.  A search that runs out of steps may miss
 * cycles and is counted as a loss.
 */
#ifndef DETECT_LOCK_ORDER_CYCLES_H
#define DETECT_LOCK_ORDER_CYCLES_H

#include "base/map.h"
#include "detect/lock_order/choice.h"

struct cycle_finder {
	struct arena *arena;
	struct order_graph *graph;
	const struct witness_store *store;
	order_report report;
	void *context;
	struct choice *choice; /* its edges are the path of the search too */
	struct map records;    /* struct cycle_record by key */
	struct edge_witness *trigger;
	uint64_t credit;	 /* steps that searches may spend */
	uint64_t refining_count; /* records that are refining */
	uint64_t improved_count; /* times that a record changed */
	uint64_t abandoned_count;
	uint64_t suppressed[ORDER_SUPPRESSION_COUNT];
	thread_id threads[LOCK_ORDER_CYCLE_MAX]; /* the first ones seen */
	uint32_t thread_count;			 /* no valid cycle is longer */
	uint64_t borrowed;			 /* steps that this search was given */
	bool is_all_marked;
	bool is_reporting;			 /* the first pass, else the second */
	bool is_any_found;			 /* a cycle, whether valid or not */
	bool is_record_missing;			 /* a valid cycle could not be kept */
};

/* False when memory is exhausted. */
bool cycle_finder_init(struct cycle_finder *finder, struct order_graph *graph,
		       const struct witness_store *store, order_report report, void *context);

/* @witness is new in @edge: reports the cycles that it closes or whose finding
 * it makes stronger. */
void cycle_finder_consider(struct cycle_finder *finder, struct order_edge *edge,
			   struct edge_witness *witness);

#endif
