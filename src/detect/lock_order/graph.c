#include "detect/lock_order/graph.h"

#include "base/hash.h"
#include "detect/lock_order/component.h"

#define FIRST_BUCKET_COUNT 256u
#define FIRST_SCRATCH_CAPACITY 64u

static uint64_t hash_ends(lock_id from, lock_id to)
{
	return hash_mix((uint64_t)from << 32 | to);
}

static uint64_t hash_edge(const void *edge)
{
	const struct order_edge *its = edge;

	return hash_ends(its->from->lock, its->to->lock);
}

static bool grow_scratch(struct order_graph *graph)
{
	uint64_t capacity = graph->scratch_capacity ? 2 * graph->scratch_capacity
						    : FIRST_SCRATCH_CAPACITY;
	void **larger[GRAPH_SCRATCH_COUNT];

	for (unsigned i = 0; i < GRAPH_SCRATCH_COUNT; i++) {
		larger[i] = arena_alloc(graph->arena, capacity * sizeof(void *));
		if (larger[i])
			continue;
		while (i-- > 0)
			arena_free(graph->arena, larger[i], capacity * sizeof(void *));
		return false;
	}
	for (unsigned i = 0; i < GRAPH_SCRATCH_COUNT; i++) {
		arena_free(graph->arena, graph->scratch[i],
			   graph->scratch_capacity * sizeof(void *));
		graph->scratch[i] = larger[i];
	}
	graph->scratch_capacity = capacity;
	return true;
}

bool graph_init(struct order_graph *graph, struct arena *arena)
{
	*graph = (struct order_graph){.arena = arena};
	return intern_begin(&graph->edges, arena, FIRST_BUCKET_COUNT);
}

struct order_node *graph_find_node(const struct order_graph *graph, lock_id lock)
{
	return id_table_get(&graph->nodes, lock);
}

struct order_node *graph_add_node(struct order_graph *graph, lock_id lock, bool is_source)
{
	struct order_node *node;

	if (graph->node_count == graph->scratch_capacity && !grow_scratch(graph))
		return NULL;
	node = arena_alloc(graph->arena, sizeof(*node));
	if (!node)
		return NULL;
	if (!id_table_set(&graph->nodes, graph->arena, lock, node)) {
		arena_free(graph->arena, node, sizeof(*node));
		return NULL;
	}
	node->lock = lock;
	node->own.position = is_source ? --graph->lowest : ++graph->highest;
	component_add_member(&node->own, node);
	graph->node_count++;
	return node;
}

void graph_free_node(struct order_graph *graph, struct order_node *node)
{
	/* Cannot fail: the lock's place in the table exists. */
	id_table_set(&graph->nodes, graph->arena, node->lock, NULL);
	arena_free(graph->arena, node, sizeof(*node));
	graph->node_count--;
}

void graph_prefetch(const struct order_graph *graph, lock_id from, lock_id to)
{
	intern_prefetch(&graph->edges, hash_ends(from, to));
	__builtin_prefetch(graph_find_node(graph, from));
	__builtin_prefetch(graph_find_node(graph, to));
}

struct order_edge *graph_find_edge(const struct order_graph *graph, const struct order_node *from,
				   const struct order_node *to)
{
	struct order_edge *edge = intern_first(&graph->edges, hash_ends(from->lock, to->lock));

	while (edge && (edge->from != from || edge->to != to))
		edge = intern_next(edge);
	return edge;
}

struct order_edge *graph_add_edge(struct order_graph *graph, struct order_node *from,
				  struct order_node *to)
{
	struct order_edge *edge = arena_alloc(graph->arena, sizeof(*edge));

	if (!edge)
		return NULL;
	edge->from = from;
	edge->to = to;
	intern_add(&graph->edges, edge, hash_edge(edge));
	intern_grow(&graph->edges, graph->arena, hash_edge);
	return edge;
}

void graph_free_edge(struct order_graph *graph, struct order_edge *edge)
{
	edge_unlink(edge, edge_place(edge));
	intern_remove(&graph->edges, edge, hash_edge(edge));
	arena_free(graph->arena, edge, sizeof(*edge));
}

void edge_link(struct order_edge *edge, enum edge_place place)
{
	struct order_edge **out = &edge->from->out[place];
	struct order_edge **in = &edge->to->in[place];

	edge->previous_out = NULL;
	edge->next_out = *out;
	if (*out)
		(*out)->previous_out = edge;
	*out = edge;
	edge->previous_in = NULL;
	edge->next_in = *in;
	if (*in)
		(*in)->previous_in = edge;
	*in = edge;
}

void edge_unlink(struct order_edge *edge, enum edge_place place)
{
	if (edge->previous_out)
		edge->previous_out->next_out = edge->next_out;
	else
		edge->from->out[place] = edge->next_out;
	if (edge->next_out)
		edge->next_out->previous_out = edge->previous_out;
	if (edge->previous_in)
		edge->previous_in->next_in = edge->next_in;
	else
		edge->to->in[place] = edge->next_in;
	if (edge->next_in)
		edge->next_in->previous_in = edge->previous_in;
}
