#include "detect/lock_order/topology.h"

#define SMALL_COMPONENT 16u
#define VISIT_CLOSED UINT32_MAX

/* Bits of order_component.reach, by the end of edges that a walk starts at. */
#define REACH_BIT(end) (1u << (end))
#define REACH_BOTH (REACH_BIT(EDGE_FROM) | REACH_BIT(EDGE_TO))

/* The components found by one walk, in a scratch array of the graph. */
struct reached {
	struct order_component **items;
	uint64_t count;
};

static void add_reached(struct reached *reached, struct order_component *component,
			enum edge_end end)
{
	component->reach |= (uint8_t)REACH_BIT(end);
	reached->items[reached->count++] = component;
}

static bool is_within(const struct order_component *component, int64_t bound, enum edge_end end)
{
	return end == EDGE_FROM ? component->position <= bound : component->position >= bound;
}

/* EDGE_FROM: what @start leads to, up to position @bound.  EDGE_TO: what leads
 * to @start, down to @bound.  Inlined for each @end: a variable one costs 5 % of
 * a new edge. */
static inline __attribute__((always_inline)) void
reach_components(struct reached *reached, struct order_component *start, int64_t bound,
		 enum edge_end end)
{
	add_reached(reached, start, end);
	for (uint64_t i = 0; i < reached->count; i++) {
		for (const struct order_node *node = reached->items[i]->members; node;
		     node = node->next_member) {
			for (const struct order_edge *edge = node->edges[end][EDGE_OUTER]; edge;
			     edge = edge->next[end]) {
				struct order_component *next = edge->ends[!end]->component;

				if (is_within(next, bound, end) && !(next->reach & REACH_BIT(end)))
					add_reached(reached, next, end);
			}
		}
	}
}

static void sift_down(struct order_component **items, uint64_t root, uint64_t count)
{
	struct order_component *moved = items[root];
	uint64_t child;

	while ((child = 2 * root + 1) < count) {
		if (child + 1 < count && items[child]->position < items[child + 1]->position)
			child++;
		if (items[child]->position <= moved->position)
			break;
		items[root] = items[child];
		root = child;
	}
	items[root] = moved;
}

/* Heap sort: in place, no recursion, no worst case. */
static void sort_by_position(const struct reached *reached)
{
	struct order_component **items = reached->items;

	for (uint64_t i = reached->count / 2; i-- > 0;)
		sift_down(items, i, reached->count);
	for (uint64_t end = reached->count; end-- > 1;) {
		struct order_component *last = items[end];

		items[end] = items[0];
		items[0] = last;
		sift_down(items, 0, end);
	}
}

/* The positions of all that was reached, each once and ascending. */
static uint64_t merge_positions(int64_t *positions, const struct reached *backward,
				const struct reached *forward)
{
	uint64_t count = 0;
	uint64_t i = 0;
	uint64_t j = 0;

	while (i < backward->count || j < forward->count) {
		if (j == forward->count ||
		    (i < backward->count &&
		     backward->items[i]->position < forward->items[j]->position)) {
			positions[count++] = backward->items[i++]->position;
			continue;
		}
		if (i < backward->count && backward->items[i] == forward->items[j])
			i++;
		positions[count++] = forward->items[j++]->position;
	}
	return count;
}

/*
 * Assigns the positions anew: first to what leads to the edge, then to the
 * cycle, if there is one, then to what the edge leads to, each in its old
 * order.  Nothing of the first moves up and nothing of the last moves down, so
 * the order towards all components that were not reached stays right.  The
 * members of the cycle, which are in both lists, stay in @backward.
 */
static void assign_positions(const int64_t *positions, uint64_t count, struct reached *backward,
			     const struct reached *forward)
{
	uint64_t on_cycle_count = 0;
	uint64_t next = 0;

	for (uint64_t i = 0; i < backward->count; i++) {
		struct order_component *component = backward->items[i];

		if (component->reach == REACH_BOTH) {
			backward->items[on_cycle_count++] = component;
			continue;
		}
		component->position = positions[next++];
		component->reach = 0;
	}
	backward->count = on_cycle_count;
	for (uint64_t i = forward->count; i-- > 0;) {
		struct order_component *component = forward->items[i];

		component->position = component->reach == REACH_BOTH ? positions[next]
								     : positions[--count];
		component->reach = 0;
	}
}

/* @from has the higher position, but an edge leads from it to @to. */
static void restore_order(struct order_graph *graph, struct order_component *from,
			  struct order_component *to)
{
	struct reached backward = {(struct order_component **)graph->scratch[0], 0};
	struct reached forward = {(struct order_component **)graph->scratch[1], 0};
	int64_t *positions = (int64_t *)graph->scratch[2];

	reach_components(&forward, to, from->position, EDGE_FROM);
	reach_components(&backward, from, to->position, EDGE_TO);
	sort_by_position(&backward);
	sort_by_position(&forward);
	assign_positions(positions, merge_positions(positions, &backward, &forward), &backward,
			 &forward);
	if (backward.count > 0)
		component_contract(backward.items, backward.count);
}

void topology_link(struct order_graph *graph, struct order_edge *edge)
{
	struct order_component *from = edge->from->component;
	struct order_component *to = edge->to->component;

	if (from->position > to->position)
		restore_order(graph, from, to);
	edge_link(edge, edge_place(edge));
}

/* Tarjan's depth-first walk; its stacks are scratch arrays of the graph. */
struct walk {
	struct order_node **path; /* from the root to here */
	uint64_t path_count;
	struct order_node **open; /* visited and in no part yet */
	uint64_t open_count;
	struct order_component **parts; /* each before those that lead to it */
	uint64_t part_count;
	uint32_t visit_count;
};

/* order_node.reached_by is the edge to look at next. */
static void enter_node(struct walk *walk, struct order_node *node)
{
	node->visit = ++walk->visit_count;
	node->low = node->visit;
	node->reached_by = node->edges[EDGE_FROM][EDGE_INNER];
	walk->path[walk->path_count++] = node;
	walk->open[walk->open_count++] = node;
}

/* @root and all nodes above it on the open stack are a part. */
static void close_part(struct walk *walk, struct order_node *root)
{
	struct order_node *node;

	root->own = (struct order_component){0};
	walk->parts[walk->part_count++] = &root->own;
	do {
		node = walk->open[--walk->open_count];
		node->visit = VISIT_CLOSED;
		node->component = &root->own;
	} while (node != root);
}

static void lower_node(struct order_node *node, uint32_t low)
{
	if (low < node->low)
		node->low = low;
}

static void walk_from(struct walk *walk, struct order_node *root)
{
	enter_node(walk, root);
	while (walk->path_count > 0) {
		struct order_node *node = walk->path[walk->path_count - 1];
		struct order_edge *edge = node->reached_by;

		if (edge) {
			node->reached_by = edge->next[EDGE_FROM];
			if (edge->to->visit == 0)
				enter_node(walk, edge->to);
			else if (edge->to->visit != VISIT_CLOSED)
				lower_node(node, edge->to->visit);
			continue;
		}
		walk->path_count--;
		if (node->low == node->visit)
			close_part(walk, node);
		if (walk->path_count > 0)
			lower_node(walk->path[walk->path_count - 1], node->low);
	}
}

/* Makes @node a member of its part, which inherits from @old. */
static void join_part(struct order_node *node, const struct order_component *old)
{
	struct order_component *part = node->component;

	component_add_member(part, node);
	node->visit = 0;
	part->long_cycle = old->long_cycle;
	for (const struct cycle_link *link = node->cycles; link; link = link->next)
		part->refining_count += link->record->is_refining && link->record->member == node;
}

/* The first part keeps the old position, the others go to the end. */
static void place_parts(struct order_graph *graph, const struct walk *walk, int64_t position)
{
	uint64_t last = walk->part_count - 1;

	walk->parts[last]->position = position;
	for (uint64_t i = last; i-- > 0;)
		walk->parts[i]->position = ++graph->highest;
}

/* Unlinks the edges out of @node that are no longer inner, or that now lead
 * backwards.  Returns them in front of @chain. */
static struct order_edge *detach_edges(struct order_node *node, struct order_edge *chain)
{
	struct order_edge *next;

	for (enum edge_place place = 0; place < EDGE_PLACE_COUNT; place++) {
		for (struct order_edge *edge = node->edges[EDGE_FROM][place]; edge; edge = next) {
			next = edge->next[EDGE_FROM];
			if (edge_place(edge) == place &&
			    edge->to->component->position >= node->component->position)
				continue;
			edge_unlink(edge, place);
			edge->next[EDGE_FROM] = chain;
			chain = edge;
		}
	}
	return chain;
}

static void relink_edges(struct order_graph *graph, const struct walk *walk)
{
	struct order_edge *chain = NULL;
	struct order_edge *next;

	for (uint64_t i = 0; i < walk->part_count; i++)
		for (struct order_node *node = walk->parts[i]->members; node;
		     node = node->next_member)
			chain = detach_edges(node, chain);
	/* From here on the scratch arrays are used anew. */
	for (struct order_edge *edge = chain; edge; edge = next) {
		next = edge->next[EDGE_FROM];
		topology_link(graph, edge);
	}
}

static void split_component(struct order_graph *graph, const struct order_component *component)
{
	struct order_component old = *component;
	struct order_node *next;
	struct walk walk = {
		.path = (struct order_node **)graph->scratch[0],
		.open = (struct order_node **)graph->scratch[1],
		.parts = (struct order_component **)graph->scratch[2],
	};

	for (struct order_node *node = old.members; node; node = node->next_member)
		if (node->visit == 0)
			walk_from(&walk, node);
	for (struct order_node *node = old.members; node; node = next) {
		next = node->next_member;
		join_part(node, &old);
	}
	place_parts(graph, &walk, old.position);
	relink_edges(graph, &walk);
}

void topology_split(struct order_graph *graph, struct order_component *component)
{
	if (component->size <= SMALL_COMPONENT || component->removed_count >= component->size)
		split_component(graph, component);
}
