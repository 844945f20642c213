#include "detect/lock_order/component.h"

void component_add_member(struct order_component *component, struct order_node *node)
{
	node->component = component;
	node->previous_member = NULL;
	node->next_member = component->members;
	if (component->members)
		component->members->previous_member = node;
	component->members = node;
	component->size++;
}

void component_add_cycle(struct order_component *component, struct cycle_record *cycle)
{
	cycle->next = component->cycles;
	component->cycles = cycle;
	component->refining_count += cycle->is_refining;
}

static void move_to_inner(struct order_edge *edge)
{
	edge_unlink(edge, EDGE_OUTER);
	edge_link(edge, EDGE_INNER);
}

static void move_edges(struct order_node *node)
{
	struct order_edge *next;

	for (struct order_edge *edge = node->out[EDGE_OUTER]; edge; edge = next) {
		next = edge->next_out;
		if (edge_place(edge) == EDGE_INNER)
			move_to_inner(edge);
	}
	for (struct order_edge *edge = node->in[EDGE_OUTER]; edge; edge = next) {
		next = edge->next_in;
		if (edge_place(edge) == EDGE_INNER)
			move_to_inner(edge);
	}
}

static void absorb(struct order_component *into, struct order_component *from)
{
	struct order_component absorbed = *from;
	struct order_node *next_member;
	struct cycle_record *next_cycle;

	*from = (struct order_component){0};
	/* All join before edges move: some lead from one of them to another,
	 * and were inner ones already. */
	for (struct order_node *node = absorbed.members; node; node = next_member) {
		next_member = node->next_member;
		component_add_member(into, node);
	}
	for (struct order_node *node = into->members;
	     absorbed.size-- > 0; node = node->next_member)
		move_edges(node);
	for (struct cycle_record *cycle = absorbed.cycles; cycle; cycle = next_cycle) {
		next_cycle = cycle->next;
		component_add_cycle(into, cycle);
	}
	into->removed_count += absorbed.removed_count;
	if (absorbed.long_strength > into->long_strength) {
		into->long_strength = absorbed.long_strength;
		into->long_report = absorbed.long_report;
	}
	if (!into->long_reason)
		into->long_reason = absorbed.long_reason;
}

void component_contract(struct order_component **components, uint64_t count)
{
	struct order_component *largest = components[0];

	/* The smaller ones join the largest, so that a node changes its
	 * component only as often as that at least doubles. */
	for (uint64_t i = 1; i < count; i++) {
		if (components[i]->size > largest->size)
			largest = components[i];
	}
	for (uint64_t i = 0; i < count; i++) {
		if (components[i] != largest)
			absorb(largest, components[i]);
	}
}

struct order_component *component_remove_member(struct order_node *node)
{
	struct order_component *component = node->component;
	struct order_node *heir;

	if (node->previous_member)
		node->previous_member->next_member = node->next_member;
	else
		component->members = node->next_member;
	if (node->next_member)
		node->next_member->previous_member = node->previous_member;
	component->size--;
	component->removed_count++;
	heir = component->members;
	if (component != &node->own || !heir)
		return heir ? component : NULL;
	heir->own = *component;
	for (struct order_node *member = heir; member; member = member->next_member)
		member->component = &heir->own;
	return &heir->own;
}
