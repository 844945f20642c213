/*
 * Finding the cycles that a new witness closes, and judging them.
 *
 * The search runs inside one component, from the edge of the new witness on,
 * for short cycles first.  It first follows only paths for which some choice of
 * witnesses is valid, which finds what is to be reported, and then, with less
 * effort, all paths, to count what is not and why.
 *
 * Dense components have more cycles than can be visited, so searches spend from
 * a credit that grows with the graph; each has a small part for certain.
 */
#ifndef DETECT_LOCK_ORDER_CYCLES_H
#define DETECT_LOCK_ORDER_CYCLES_H

#include "base/map.h"
#include "detect/lock_order/choice.h"
#include "detect/lock_order/component.h"

struct cycle_finder {
	struct arena *arena;
	struct order_graph *graph;
	const struct witness_store *store;
	order_report report;
	void *context;
	struct choice *choice; /* its edges are the path of the search, too */
	struct map records;    /* struct cycle_record by key */
	struct edge_witness *trigger;
	uint64_t credit;	   /* steps that searches may take */
	uint64_t refining_count;   /* records that are refining */
	uint64_t improved_count;   /* times that a record changed */
	uint64_t abandoned_count;
	uint64_t suppressed[ORDER_SUPPRESSION_COUNT];
	thread_id threads[LOCK_ORDER_CYCLE_MAX]; /* the first ones seen */
	uint32_t thread_count;			 /* no valid cycle is longer */
	uint64_t borrowed;	 /* credit that the search in progress took */
	bool is_reporting;	 /* else it counts what is not reported */
	bool is_any_found;	 /* a cycle, whether or not it is valid */
	bool is_record_missing;  /* a valid one could not be kept */
};

/* False when memory is exhausted. */
bool cycle_finder_init(struct cycle_finder *finder, struct order_graph *graph,
		       const struct witness_store *store, order_report report, void *context);

/* @witness is new in @edge: reports the cycles that it closes or makes worse. */
void cycle_finder_consider(struct cycle_finder *finder, struct order_edge *edge,
			   struct edge_witness *witness);

#endif
