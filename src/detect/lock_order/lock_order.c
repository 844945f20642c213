#include "detect/lock_order/lock_order.h"

#include "detect/lock_order/cycles.h"
#include "detect/lock_order/records.h"
#include "detect/lock_order/topology.h"

/* Refining ends after so many witnesses in a row that changed no verdict: a
 * harmless cycle must not slow its program down for ever. */
#define REFINING_PATIENCE 16384u

struct lock_order {
	struct arena *arena;
	struct order_graph graph;
	struct witness_store store;
	struct cycle_finder finder;
	uint64_t dropped_witness_count;
	uint64_t improved_count; /* of the finder, when patience was last reset */
	uint32_t patience;
};

struct lock_order *lock_order_create(struct arena *arena, struct named_ids *named,
				     order_report report, void *context)
{
	struct lock_order *order = arena_alloc(arena, sizeof(*order));

	if (!order)
		return NULL;
	order->arena = arena;
	witness_store_init(&order->store, arena, named);
	if (!graph_init(&order->graph, arena) ||
	    !cycle_finder_init(&order->finder, &order->graph, &order->store, report, context))
		return NULL;
	return order;
}

static void free_unused_node(struct lock_order *order, struct order_node *node)
{
	bool is_used = node->component->size > 1;

	for (unsigned end = 0; end < EDGE_END_COUNT; end++)
		is_used = is_used || node->edges[end][EDGE_OUTER];
	if (!is_used)
		graph_free_node(&order->graph, node);
}

static struct order_edge *add_edge(struct lock_order *order, lock_id from, lock_id to)
{
	struct order_node *from_node = graph_find_node(&order->graph, from);
	struct order_node *to_node = graph_find_node(&order->graph, to);
	struct order_edge *edge = NULL;

	if (!from_node)
		from_node = graph_add_node(&order->graph, from, true);
	if (!to_node)
		to_node = graph_add_node(&order->graph, to, false);
	if (from_node && to_node)
		edge = graph_add_edge(&order->graph, from_node, to_node);
	if (edge) {
		topology_link(&order->graph, edge);
		return edge;
	}
	if (from_node)
		free_unused_node(order, from_node);
	if (to_node)
		free_unused_node(order, to_node);
	return NULL;
}

static struct order_edge *find_edge(const struct lock_order *order, lock_id from, lock_id to)
{
	const struct order_node *from_node = graph_find_node(&order->graph, from);
	const struct order_node *to_node = graph_find_node(&order->graph, to);

	return from_node && to_node ? graph_find_edge(&order->graph, from_node, to_node) : NULL;
}

static void update_patience(struct lock_order *order)
{
	if (order->improved_count != order->finder.improved_count) {
		order->improved_count = order->finder.improved_count;
		order->patience = REFINING_PATIENCE;
	} else if (order->patience > 0) {
		order->patience--;
	}
}

static bool is_refining(const struct order_edge *edge)
{
	return edge_place(edge) == EDGE_INNER && edge->from->component->refining_count > 0;
}

bool lock_order_add(struct lock_order *order, lock_id from, lock_id to,
		    const struct order_witness *described)
{
	struct edge_witness *witness;
	struct order_edge *edge;

	if (from == to)
		return true;
	graph_prefetch(&order->graph, from, to);
	witness = witness_create(&order->store, from, described);
	if (!witness)
		return false;
	edge = find_edge(order, from, to);
	if (!edge)
		edge = add_edge(order, from, to);
	if (!edge) {
		witness_free(&order->store, witness);
		return false;
	}
	if (witness_is_covered(edge, witness, is_refining(edge))) {
		witness_free(&order->store, witness);
	} else {
		witness_append(edge, witness);
		if (edge_place(edge) == EDGE_INNER)
			choice_narrow_gates(&edge->from->component->gates, edge, witness);
		cycle_finder_consider(&order->finder, edge, witness);
		order->dropped_witness_count += witness_trim(&order->store, edge);
	}
	update_patience(order);
	return true;
}

static void free_edge(struct lock_order *order, struct order_edge *edge)
{
	while (edge->witnesses) {
		struct edge_witness *witness = edge->witnesses;

		edge->witnesses = witness->next;
		witness_free(&order->store, witness);
	}
	graph_free_edge(&order->graph, edge);
}

void lock_order_remove(struct lock_order *order, lock_id lock)
{
	struct order_node *node = graph_find_node(&order->graph, lock);
	struct order_component *component;

	if (!node)
		return;
	records_forget(&order->finder, node);
	for (unsigned end = 0; end < EDGE_END_COUNT; end++)
		for (unsigned place = 0; place < EDGE_PLACE_COUNT; place++)
			while (node->edges[end][place])
				free_edge(order, node->edges[end][place]);
	component = component_remove_member(&order->graph, node);
	graph_free_node(&order->graph, node);
	if (component)
		topology_split(&order->graph, component);
}

bool lock_order_is_refining(const struct lock_order *order)
{
	return order->finder.refining_count > 0 && order->patience > 0;
}

struct order_statistics lock_order_statistics(const struct lock_order *order)
{
	struct order_statistics statistics = {
		.node_count = order->graph.node_count,
		.edge_count = order->graph.edges.count,
		.witness_count = order->store.count,
		.dropped_witness_count = order->dropped_witness_count,
		.abandoned_search_count = order->finder.abandoned_count,
	};

	for (unsigned i = 0; i < ORDER_SUPPRESSION_COUNT; i++)
		statistics.suppressed[i] = order->finder.suppressed[i];
	return statistics;
}
