#include "detect/lock_order/graph.h"

#include "base/hash.h"
#include "detect/lock_order/component.h"

#define FIRST_BUCKET_COUNT 256u
#define FIRST_SCRATCH_CAPACITY 64u

static size_t bucket_of(const struct order_graph *graph, lock_id from, lock_id to)
{
	return hash_mix((uint64_t)from << 32 | to) & (graph->bucket_count - 1);
}

static struct order_edge **allocate_buckets(struct arena *arena, uint64_t count)
{
	return arena_alloc(arena, count * sizeof(struct order_edge *));
}

static void put_in_bucket(struct order_graph *graph, struct order_edge *edge)
{
	size_t bucket = bucket_of(graph, edge->from->lock, edge->to->lock);

	edge->next_in_bucket = graph->buckets[bucket];
	graph->buckets[bucket] = edge;
}

static void take_from_bucket(struct order_graph *graph, const struct order_edge *edge)
{
	struct order_edge **link =
		&graph->buckets[bucket_of(graph, edge->from->lock, edge->to->lock)];

	while (*link != edge)
		link = &(*link)->next_in_bucket;
	*link = edge->next_in_bucket;
}

/* Without memory for more buckets the chains grow longer, no more. */
static void grow_buckets(struct order_graph *graph)
{
	struct order_edge **old = graph->buckets;
	uint64_t old_count = graph->bucket_count;
	struct order_edge **larger = allocate_buckets(graph->arena, 2 * old_count);

	if (!larger)
		return;
	graph->buckets = larger;
	graph->bucket_count = 2 * old_count;
	for (uint64_t i = 0; i < old_count; i++) {
		struct order_edge *edge = old[i];

		while (edge) {
			struct order_edge *next = edge->next_in_bucket;

			put_in_bucket(graph, edge);
			edge = next;
		}
	}
	arena_free(graph->arena, old, old_count * sizeof(*old));
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
	*graph = (struct order_graph){.arena = arena, .bucket_count = FIRST_BUCKET_COUNT};
	graph->buckets = allocate_buckets(arena, FIRST_BUCKET_COUNT);
	return graph->buckets;
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
	__builtin_prefetch(&graph->buckets[bucket_of(graph, from, to)]);
	__builtin_prefetch(graph_find_node(graph, from));
	__builtin_prefetch(graph_find_node(graph, to));
}

struct order_edge *graph_find_edge(const struct order_graph *graph, const struct order_node *from,
				   const struct order_node *to)
{
	struct order_edge *edge = graph->buckets[bucket_of(graph, from->lock, to->lock)];

	while (edge && (edge->from != from || edge->to != to))
		edge = edge->next_in_bucket;
	return edge;
}

struct order_edge *graph_add_edge(struct order_graph *graph, struct order_node *from,
				  struct order_node *to)
{
	struct order_edge *edge = arena_alloc(graph->arena, sizeof(*edge));

	if (!edge)
		return NULL;
	if (graph->edge_count == graph->bucket_count)
		grow_buckets(graph);
	edge->from = from;
	edge->to = to;
	put_in_bucket(graph, edge);
	graph->edge_count++;
	return edge;
}

void graph_free_edge(struct order_graph *graph, struct order_edge *edge)
{
	edge_unlink(edge, edge_place(edge));
	take_from_bucket(graph, edge);
	arena_free(graph->arena, edge, sizeof(*edge));
	graph->edge_count--;
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
