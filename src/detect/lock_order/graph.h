/*
 * The container of the lock-order graph: nodes, edges and components.
 *
 * Each node is a member of one component.  Nodes on a common cycle share one; a
 * node on no cycle is the only member of its own.  An edge is 'inner' if both
 * ends are in one component, else 'outer'.  A node has a list for each kind: a
 * walk over outer edges skips the inner ones of large components, and a search
 * for cycles skips the outer ones.
 *
 * Invariant, kept by topology.c: an outer edge leads from a component to one of
 * higher position.
 */
#ifndef DETECT_LOCK_ORDER_GRAPH_H
#define DETECT_LOCK_ORDER_GRAPH_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/types.h"

struct edge_witness;
struct order_node;

#define COMMON_GATES_MAX 4

/* Locks that every witness of some edges held exclusively, or some of these. */
struct common_gates {
	lock_id locks[COMMON_GATES_MAX];
	uint8_t count;
	bool is_any_seen; /* a witness; until then all locks there are */
};

/* EDGE_FROM: of a node, the edges that lead out of it. */
enum edge_end { EDGE_FROM, EDGE_TO, EDGE_END_COUNT };

enum edge_place { EDGE_OUTER, EDGE_INNER, EDGE_PLACE_COUNT };

/* The strongest finding about a cycle so far. */
struct cycle_state {
	uint32_t report; /* number of the last report, or 0 */
	uint8_t strength;
	uint8_t reason; /* if strength is 0: enum order_suppression, from 1 */
};

/* Lists a cycle at one of its nodes. */
struct cycle_link {
	struct cycle_record *record;
	struct cycle_link *next;
	struct cycle_link **place; /* the pointer that points here */
};

/* A known cycle of at most LOCK_ORDER_CYCLE_MAX locks. */
struct cycle_record {
	uint64_t key;
	struct order_node *member; /* any node of the cycle */
	struct cycle_state state;
	bool is_refining; /* a later witness of known edges may change the verdict */
	uint8_t length;
	struct cycle_link links[]; /* one for each node */
};

/* Lives in the node that was its first member.  If that node leaves, the
 * component moves to another member. */
struct order_component {
	int64_t position;
	struct order_component *before; /* by position */
	struct order_component *after;
	struct order_node *members;
	uint32_t size;
	uint32_t removed_count;	 /* members removed since the last split */
	uint32_t refining_count; /* of the cycles of its members */
	struct cycle_state long_cycle; /* of all its cycles that are too long to enumerate */
	struct common_gates gates;     /* of its inner edges */
	bool is_too_dense;	       /* to count its cycles: steps did not suffice */
	uint8_t reach;		       /* scratch of topology.c */
};

/* What a new edge reads stands first, close together. */
struct order_node {
	struct order_edge *edges[EDGE_END_COUNT][EDGE_PLACE_COUNT];
	struct order_component *component;
	lock_id lock;
	bool is_on_path; /* scratch of cycles.c */
	struct order_component own;
	struct order_node *next_member;
	struct order_node *previous_member;
	struct cycle_link *cycles;
	struct order_edge *reached_by; /* scratch of cycles.c, graph.c and topology.c */
	uint32_t visit;		       /* scratch of topology.c, as is low */
	uint32_t low;
};

struct order_edge {
	struct intern_link link;
	union {
		struct {
			struct order_node *from;
			struct order_node *to;
		};
		struct order_node *ends[EDGE_END_COUNT];
	};
	struct order_edge *next[EDGE_END_COUNT];
	struct order_edge *previous[EDGE_END_COUNT];
	struct edge_witness *witnesses; /* oldest first */
};

/* Scratch arrays grow with the graph, so that no walk can run out of them. */
#define GRAPH_SCRATCH_COUNT 3

struct order_graph {
	struct arena *arena;
	struct id_table nodes;
	struct intern_table edges; /* by both ends */
	uint64_t node_count;
	struct order_component *first; /* by position */
	struct order_component *last;
	void **scratch[GRAPH_SCRATCH_COUNT];
	uint64_t scratch_capacity;
};

/* False when memory is exhausted. */
bool graph_init(struct order_graph *graph, struct arena *arena);

struct order_node *graph_find_node(const struct order_graph *graph, lock_id lock);

/* NULL when memory is exhausted.  A node whose first edge leads out of it goes
 * before all others, any other node behind them: then that edge needs no
 * reordering. */
struct order_node *graph_add_node(struct order_graph *graph, lock_id lock, bool is_source);

/* The node has no edges and is in no component of several. */
void graph_free_node(struct order_graph *graph, struct order_node *node);

/* Prefetches what the lookups of the edge and its nodes will read. */
void graph_prefetch(const struct order_graph *graph, lock_id from, lock_id to);

struct order_edge *graph_find_edge(const struct order_graph *graph, const struct order_node *from,
				   const struct order_node *to);

/* An edge that can be found but is not linked to its nodes yet; NULL when
 * memory is exhausted. */
struct order_edge *graph_add_edge(struct order_graph *graph, struct order_node *from,
				  struct order_node *to);

/* Unlinks and frees an edge without witnesses. */
void graph_free_edge(struct order_graph *graph, struct order_edge *edge);

void edge_link(struct order_edge *edge, enum edge_place place);
void edge_unlink(struct order_edge *edge, enum edge_place place);

static inline enum edge_place edge_place(const struct order_edge *edge)
{
	return edge->from->component == edge->to->component ? EDGE_INNER : EDGE_OUTER;
}

/* Completes @path, which has its first edge, to a shortest cycle of inner
 * edges.  Its length; 0 if there is none of at most @length_max edges, or if
 * @steps_left, one for each edge looked at, do not suffice. */
uint32_t graph_find_cycle(struct order_graph *graph, struct order_edge **path, uint32_t length_max,
			  uint64_t *steps_left);

/* Of a node that is in no component. */
void component_add_member(struct order_component *component, struct order_node *node);

/* Makes one component of several, at the place of the first; edges between them become
 * inner ones. */
void component_contract(struct order_graph *graph, struct order_component **components,
			uint64_t count);

/* Removes a node without edges.  The component of the others, or NULL. */
struct order_component *component_remove_member(struct order_graph *graph,
						struct order_node *node);

/*
 * Positions of components: a list in topological order, and a number for each that says
 * in one comparison which of two comes first.  Numbers have gaps, so that some components
 * can be moved without the others; when a gap is used up, all are numbered anew (after Dietz
 * and Sleator, "Two Algorithms for Maintaining Order in a List", 1987, without its levels).
 */
void graph_place_first(struct order_graph *graph, struct order_component *component);
void graph_place_last(struct order_graph *graph, struct order_component *component);
void graph_unplace(struct order_graph *graph, struct order_component *component);

/* @component, which has no place, takes that of @old, which leaves it. */
void graph_replace(struct order_graph *graph, struct order_component *old,
		   struct order_component *component);

/* Moves @count components, in this order, right before or behind @place. */
void graph_move_before(struct order_graph *graph, struct order_component **components,
		       uint64_t count, struct order_component *place);
void graph_move_behind(struct order_graph *graph, struct order_component **components,
		       uint64_t count, struct order_component *place);

#endif
