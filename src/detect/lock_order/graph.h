/*
 * Nodes and edges of the lock-order graph, and how they are linked.
 *
 * Every node belongs to a component: usually its own, of which it is the only
 * member; nodes that lie on a common cycle share one.  An edge is 'inner' if
 * both ends share a component, else 'outer', and each node keeps the two kinds
 * apart, so that a walk over the outer graph never meets the inner edges of a
 * large component, nor the search for cycles the outer ones.
 *
 * Invariant, kept by order_topology.c: an outer edge leads from a component to
 * one of higher position.
 */
#ifndef DETECT_LOCK_ORDER_GRAPH_H
#define DETECT_LOCK_ORDER_GRAPH_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/types.h"

struct cycle_record;
struct edge_witness;
struct order_node;

enum edge_place { EDGE_OUTER, EDGE_INNER, EDGE_PLACE_COUNT };

struct order_component {
	int64_t position;
	struct order_node *members;
	struct cycle_record *cycles; /* known ones: all their locks are members */
	uint32_t size;
	uint32_t removed_count;	 /* members that left since it was last split */
	uint32_t refining_count; /* of the cycles that a later witness may decide */
	uint32_t long_report;	 /* of a cycle that is too long to enumerate, or 0 */
	uint8_t long_strength;  /* of that report */
	uint8_t long_reason;	 /* if that is 0: enum order_suppression, from 1 */
	uint8_t reach; /* scratch of order_topology.c */
};

/* What a new edge looks at stands first, close together. */
struct order_node {
	struct order_edge *out[EDGE_PLACE_COUNT];
	struct order_edge *in[EDGE_PLACE_COUNT];
	struct order_component *component;
	lock_id lock;
	bool is_on_path;	    /* scratch of order_cycles.c */
	struct order_component own; /* where the component lives while it is alone */
	struct order_node *next_member;
	struct order_node *previous_member;
	struct order_edge *reached_by; /* scratch of order_split.c and order_long.c */
	uint32_t visit;		       /* scratch of order_split.c, as is low */
	uint32_t low;
};

struct order_edge {
	struct intern_link link;
	struct order_node *from;
	struct order_node *to;
	struct order_edge *next_out;
	struct order_edge *previous_out;
	struct order_edge *next_in;
	struct order_edge *previous_in;
	struct edge_witness *witnesses; /* oldest first */
};

/* Work space that grows with the graph, so that no walk can run out of it. */
#define GRAPH_SCRATCH_COUNT 3

struct order_graph {
	struct arena *arena;
	struct id_table nodes;
	struct intern_table edges; /* by both ends */
	uint64_t node_count;
	int64_t highest; /* position in use */
	int64_t lowest;
	void **scratch[GRAPH_SCRATCH_COUNT];
	uint64_t scratch_capacity;
};

/* False when memory is exhausted. */
bool graph_init(struct order_graph *graph, struct arena *arena);

struct order_node *graph_find_node(const struct order_graph *graph, lock_id lock);

/* NULL when memory is exhausted.  A source goes before all other nodes, what
 * is not one behind them: there a first edge needs no reordering. */
struct order_node *graph_add_node(struct order_graph *graph, lock_id lock, bool is_source);

/* The node has no edges and is alone in its component. */
void graph_free_node(struct order_graph *graph, struct order_node *node);

/* Has the memory that the calls below will touch fetched meanwhile. */
void graph_prefetch(const struct order_graph *graph, lock_id from, lock_id to);

struct order_edge *graph_find_edge(const struct order_graph *graph, const struct order_node *from,
				   const struct order_node *to);

/* An edge that can be found but is not yet linked to its nodes; NULL when
 * memory is exhausted. */
struct order_edge *graph_add_edge(struct order_graph *graph, struct order_node *from,
				  struct order_node *to);

/* Unlinks it first, its witnesses are gone already. */
void graph_free_edge(struct order_graph *graph, struct order_edge *edge);

void edge_link(struct order_edge *edge, enum edge_place place);
void edge_unlink(struct order_edge *edge, enum edge_place place);

static inline enum edge_place edge_place(const struct order_edge *edge)
{
	return edge->from->component == edge->to->component ? EDGE_INNER : EDGE_OUTER;
}

#endif
