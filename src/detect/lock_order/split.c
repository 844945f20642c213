#include "detect/lock_order/split.h"

#include "detect/lock_order/topology.h"

#define SMALL_COMPONENT 16u
#define VISIT_CLOSED UINT32_MAX

/* A depth-first walk; its stacks are work space of the graph. */
struct split {
	struct order_node **calls; /* the path from the root to here */
	uint64_t call_count;
	struct order_node **open; /* visited and in no part yet */
	uint64_t open_count;
	struct order_component **parts; /* each before those that lead to it */
	uint64_t part_count;
	uint32_t visit_count;
};

static void enter(struct split *split, struct order_node *node)
{
	node->visit = ++split->visit_count;
	node->low = node->visit;
	node->reached_by = node->out[EDGE_INNER];
	split->calls[split->call_count++] = node;
	split->open[split->open_count++] = node;
}

/* Everything above @root on the stack is a part. */
static void close_part(struct split *split, struct order_node *root)
{
	struct order_component *part = &root->own;
	struct order_node *node;

	*part = (struct order_component){0};
	split->parts[split->part_count++] = part;
	do {
		node = split->open[--split->open_count];
		node->visit = VISIT_CLOSED;
		node->component = part;
	} while (node != root);
}

static void lower(struct order_node *node, uint32_t low)
{
	if (low < node->low)
		node->low = low;
}

/* reached_by is the edge to look at next. */
static void walk_from(struct split *split, struct order_node *root)
{
	enter(split, root);
	while (split->call_count > 0) {
		struct order_node *node = split->calls[split->call_count - 1];
		struct order_edge *edge = node->reached_by;

		if (edge) {
			node->reached_by = edge->next_out;
			if (edge->to->visit == 0)
				enter(split, edge->to);
			else if (edge->to->visit != VISIT_CLOSED)
				lower(node, edge->to->visit);
			continue;
		}
		split->call_count--;
		if (node->low == node->visit)
			close_part(split, node);
		if (split->call_count > 0)
			lower(split->calls[split->call_count - 1], node->low);
	}
}

/* Hands what the old component had to its parts. */
static void inherit(const struct order_component *old)
{
	struct order_node *next_member;
	struct cycle_record *next_cycle;

	for (struct order_node *node = old->members; node; node = next_member) {
		struct order_component *part = node->component;

		next_member = node->next_member;
		component_add_member(part, node);
		node->visit = 0;
		part->long_report = old->long_report;
		part->long_strength = old->long_strength;
		part->long_reason = old->long_reason;
	}
	for (struct cycle_record *cycle = old->cycles; cycle; cycle = next_cycle) {
		next_cycle = cycle->next;
		component_add_cycle(cycle->member->component, cycle);
	}
}

/* The first part keeps the old position, the others go to the end. */
static void place_parts(struct order_graph *graph, const struct split *split, int64_t position)
{
	uint64_t last = split->part_count - 1;

	split->parts[last]->position = position;
	for (uint64_t i = last; i-- > 0;)
		split->parts[i]->position = ++graph->highest;
}

static void move_to_outer(struct order_node *node)
{
	struct order_edge *next;

	for (struct order_edge *edge = node->out[EDGE_INNER]; edge; edge = next) {
		next = edge->next_out;
		if (edge_place(edge) == EDGE_INNER)
			continue;
		edge_unlink(edge, EDGE_INNER);
		edge_link(edge, EDGE_OUTER);
	}
}

/* Unlinks the edges of @node that now lead backwards; puts them before @chain. */
static struct order_edge *detach_backward(struct order_node *node, struct order_edge *chain)
{
	struct order_edge *next;

	for (struct order_edge *edge = node->out[EDGE_OUTER]; edge; edge = next) {
		next = edge->next_out;
		if (edge->to->component->position > node->component->position)
			continue;
		edge_unlink(edge, EDGE_OUTER);
		edge->next_out = chain;
		chain = edge;
	}
	return chain;
}

static void reorder(struct order_graph *graph, const struct split *split)
{
	struct order_edge *chain = NULL;
	struct order_edge *next;

	for (uint64_t i = 0; i < split->part_count; i++) {
		for (struct order_node *node = split->parts[i]->members; node;
		     node = node->next_member) {
			move_to_outer(node);
			chain = detach_backward(node, chain);
		}
	}
	/* From here on the work space holds no parts any more. */
	for (struct order_edge *edge = chain; edge; edge = next) {
		next = edge->next_out;
		topology_link(graph, edge);
	}
}

static void split(struct order_graph *graph, struct order_component *component)
{
	struct order_component old = *component;
	struct split parts = {
		.calls = (struct order_node **)graph->scratch[0],
		.open = (struct order_node **)graph->scratch[1],
		.parts = (struct order_component **)graph->scratch[2],
	};

	for (struct order_node *node = old.members; node; node = node->next_member) {
		if (node->visit == 0)
			walk_from(&parts, node);
	}
	inherit(&old);
	place_parts(graph, &parts, old.position);
	reorder(graph, &parts);
}

void split_if_due(struct order_graph *graph, struct order_component *component)
{
	if (component->size <= SMALL_COMPONENT || component->removed_count >= component->size)
		split(graph, component);
}
