#include "detect/lock_order/topology.h"

#include "detect/lock_order/component.h"

enum reach { REACH_FORWARD = 1, REACH_BACKWARD = 2, REACH_BOTH = 3 };

/* The components found by one walk, in work space of the graph. */
struct reached {
	struct order_component **items;
	uint64_t count;
};

static void note(struct reached *reached, struct order_component *component, enum reach direction)
{
	component->reach |= (uint8_t)direction;
	reached->items[reached->count++] = component;
}

/* What @start leads to, up to position @bound. */
static void reach_forward(struct reached *reached, struct order_component *start, int64_t bound)
{
	note(reached, start, REACH_FORWARD);
	for (uint64_t i = 0; i < reached->count; i++) {
		for (const struct order_node *node = reached->items[i]->members; node;
		     node = node->next_member) {
			for (const struct order_edge *edge = node->out[EDGE_OUTER]; edge;
			     edge = edge->next_out) {
				struct order_component *next = edge->to->component;

				if (next->position <= bound && !(next->reach & REACH_FORWARD))
					note(reached, next, REACH_FORWARD);
			}
		}
	}
}

/* What leads to @start, down to position @bound. */
static void reach_backward(struct reached *reached, struct order_component *start, int64_t bound)
{
	note(reached, start, REACH_BACKWARD);
	for (uint64_t i = 0; i < reached->count; i++) {
		for (const struct order_node *node = reached->items[i]->members; node;
		     node = node->next_member) {
			for (const struct order_edge *edge = node->in[EDGE_OUTER]; edge;
			     edge = edge->next_in) {
				struct order_component *next = edge->from->component;

				if (next->position >= bound && !(next->reach & REACH_BACKWARD))
					note(reached, next, REACH_BACKWARD);
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
 * Hands the positions out anew: first what leads to the edge, then the cycle,
 * if there is one, then what the edge leads to, each in its old order.  Nothing
 * of the first moves up and nothing of the last moves down, so that the order
 * towards all that was not reached stays right.  Leaves the members of the
 * cycle, which are in both lists, as the content of @backward.
 */
static void hand_out_positions(const int64_t *positions, uint64_t count, struct reached *backward,
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

/* @from stands behind @to, but an edge leads from it to @to. */
static void restore_order(struct order_graph *graph, struct order_component *from,
			  struct order_component *to)
{
	struct reached backward = {(struct order_component **)graph->scratch[0], 0};
	struct reached forward = {(struct order_component **)graph->scratch[1], 0};
	int64_t *positions = (int64_t *)graph->scratch[2];

	reach_forward(&forward, to, from->position);
	reach_backward(&backward, from, to->position);
	sort_by_position(&backward);
	sort_by_position(&forward);
	hand_out_positions(positions, merge_positions(positions, &backward, &forward), &backward,
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
