#include "detect/lock_order/graph.h"

#include "base/hash.h"
#include "detect/lock_order/choice.h"

#define FIRST_BUCKET_COUNT 256u
#define FIRST_SCRATCH_CAPACITY 64u

/* Between positions. */
#define GAP ((int64_t)1 << 32)
#define FARTHEST ((int64_t)1 << 62)

/* --- Positions ------------------------------------------------------------------------ */

static void number_anew(struct order_graph *graph)
{
	int64_t position = -(int64_t)(graph->node_count / 2) * GAP;

	for (struct order_component *component = graph->first; component;
	     component = component->after) {
		component->position = position;
		position += GAP;
	}
}

/* Links @component, whose position is set, behind @before; NULL: as the first. */
static void link_behind(struct order_graph *graph, struct order_component *component,
			struct order_component *before)
{
	struct order_component *after = before ? before->after : graph->first;

	component->before = before;
	component->after = after;
	*(before ? &before->after : &graph->first) = component;
	*(after ? &after->before : &graph->last) = component;
}

void graph_place_first(struct order_graph *graph, struct order_component *component)
{
	if (graph->first && graph->first->position < -FARTHEST)
		number_anew(graph);
	component->position = graph->first ? graph->first->position - GAP : 0;
	link_behind(graph, component, NULL);
}

void graph_place_last(struct order_graph *graph, struct order_component *component)
{
	if (graph->last && graph->last->position > FARTHEST)
		number_anew(graph);
	component->position = graph->last ? graph->last->position + GAP : 0;
	link_behind(graph, component, graph->last);
}

void graph_unplace(struct order_graph *graph, struct order_component *component)
{
	struct order_component *before = component->before;
	struct order_component *after = component->after;

	*(before ? &before->after : &graph->first) = after;
	*(after ? &after->before : &graph->last) = before;
}

void graph_replace(struct order_graph *graph, struct order_component *old,
		      struct order_component *component)
{
	struct order_component *before = old->before;

	graph_unplace(graph, old);
	component->position = old->position;
	link_behind(graph, component, before);
}

/* How far apart @count components lie between @before and @after, of which one may be
 * NULL; 0: there is no room. */
static int64_t find_step(const struct order_component *before,
			 const struct order_component *after, uint64_t count)
{
	if (!before)
		return after->position < -FARTHEST ? 0 : GAP;
	if (!after)
		return before->position > FARTHEST ? 0 : GAP;
	return (after->position - before->position) / (int64_t)(count + 1);
}

static void move_between(struct order_graph *graph, struct order_component **components,
			 uint64_t count, struct order_component *before,
			 struct order_component *after)
{
	int64_t step = find_step(before, after, count);
	int64_t position;

	if (step == 0) {
		number_anew(graph);
		step = find_step(before, after, count);
	}
	position = before ? before->position : after->position - (int64_t)(count + 1) * step;
	for (uint64_t i = 0; i < count; i++) {
		components[i]->position = position += step;
		link_behind(graph, components[i], before);
		before = components[i];
	}
}

static void remove_all(struct order_graph *graph, struct order_component **components,
		       uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		graph_unplace(graph, components[i]);
}

void graph_move_before(struct order_graph *graph, struct order_component **components,
			  uint64_t count, struct order_component *place)
{
	remove_all(graph, components, count);
	move_between(graph, components, count, place->before, place);
}

void graph_move_behind(struct order_graph *graph, struct order_component **components,
			  uint64_t count, struct order_component *place)
{
	remove_all(graph, components, count);
	move_between(graph, components, count, place, place->after);
}

/* --- Nodes and edges ------------------------------------------------------------------ */

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
	if (is_source)
		graph_place_first(graph, &node->own);
	else
		graph_place_last(graph, &node->own);
	component_add_member(&node->own, node);
	graph->node_count++;
	return node;
}

void graph_free_node(struct order_graph *graph, struct order_node *node)
{
	/* Cannot fail: the lock's place in the table exists. */
	id_table_set(&graph->nodes, graph->arena, node->lock, NULL);
	if (node->own.size)
		graph_unplace(graph, &node->own);
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
	for (unsigned end = 0; end < EDGE_END_COUNT; end++) {
		struct order_edge **first = &edge->ends[end]->edges[end][place];

		edge->previous[end] = NULL;
		edge->next[end] = *first;
		if (*first)
			(*first)->previous[end] = edge;
		*first = edge;
	}
}

void edge_unlink(struct order_edge *edge, enum edge_place place)
{
	for (unsigned end = 0; end < EDGE_END_COUNT; end++) {
		if (edge->previous[end])
			edge->previous[end]->next[end] = edge->next[end];
		else
			edge->ends[end]->edges[end][place] = edge->next[end];
		if (edge->next[end])
			edge->next[end]->previous[end] = edge->previous[end];
	}
}

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

static void move_edges(struct order_node *node, enum edge_end end)
{
	struct order_edge *next;

	for (struct order_edge *edge = node->edges[end][EDGE_OUTER]; edge; edge = next) {
		next = edge->next[end];
		if (edge_place(edge) == EDGE_INNER) {
			edge_unlink(edge, EDGE_OUTER);
			edge_link(edge, EDGE_INNER);
			choice_narrow_gates(&node->component->gates, edge, edge->witnesses);
		}
	}
}

static void absorb_component(struct order_component *into, struct order_component *from)
{
	struct order_component absorbed = *from;
	struct order_node *next;

	*from = (struct order_component){0};
	/* All members join before edges move: edges between them are inner
	 * already. */
	for (struct order_node *node = absorbed.members; node; node = next) {
		next = node->next_member;
		component_add_member(into, node);
	}
	for (struct order_node *node = into->members; absorbed.size-- > 0;
	     node = node->next_member) {
		move_edges(node, EDGE_FROM);
		move_edges(node, EDGE_TO);
	}
	choice_unite_gates(&into->gates, &absorbed.gates);
	into->is_too_dense |= absorbed.is_too_dense;
	into->removed_count += absorbed.removed_count;
	into->refining_count += absorbed.refining_count;
	if (absorbed.long_cycle.strength > into->long_cycle.strength ||
	    !(into->long_cycle.strength || into->long_cycle.reason))
		into->long_cycle = absorbed.long_cycle;
}

/* The smaller ones join the largest.  So each time that a node changes its
 * component, that at least doubles. */
void component_contract(struct order_graph *graph, struct order_component **components,
			uint64_t count)
{
	struct order_component *largest = components[0];

	for (uint64_t i = 1; i < count; i++)
		if (components[i]->size > largest->size)
			largest = components[i];
	for (uint64_t i = 1; i < count; i++)
		graph_unplace(graph, components[i]);
	if (components[0] != largest)
		graph_replace(graph, components[0], largest);
	for (uint64_t i = 0; i < count; i++)
		if (components[i] != largest)
			absorb_component(largest, components[i]);
}

struct order_component *component_remove_member(struct order_graph *graph,
						struct order_node *node)
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
	if (!heir)
		graph_unplace(graph, component);
	if (component != &node->own || !heir)
		return heir ? component : NULL;
	heir->own = *component;
	graph_replace(graph, component, &heir->own);
	*component = (struct order_component){0};
	for (struct order_node *member = heir; member; member = member->next_member)
		member->component = &heir->own;
	return &heir->own;
}

/* Breadth first from the end of @first back to its start.  Returns how many
 * nodes were reached; they are in @queue. */
static uint64_t reach_start(const struct order_edge *first, struct order_node **queue,
			    uint64_t *steps_left)
{
	uint64_t count = 0;

	queue[count++] = first->to;
	for (uint64_t i = 0; i < count && !first->from->reached_by; i++) {
		for (struct order_edge *edge = queue[i]->edges[EDGE_FROM][EDGE_INNER]; edge;
		     edge = edge->next[EDGE_FROM]) {
			if (*steps_left == 0)
				return count;
			(*steps_left)--;
			if (edge->to->reached_by || edge->to == first->to)
				continue;
			edge->to->reached_by = edge;
			queue[count++] = edge->to;
		}
	}
	return count;
}

/* Writes the path that was found down, from its last edge on. */
static uint32_t write_path(struct order_edge **path, uint32_t length_max)
{
	const struct order_node *end = path[0]->to;
	uint32_t length = 1;
	uint32_t i;

	for (const struct order_node *node = path[0]->from; node != end;
	     node = node->reached_by->from)
		length++;
	if (length > length_max)
		return 0;
	i = length;
	for (const struct order_node *node = path[0]->from; node != end; node = path[i]->from)
		path[--i] = node->reached_by;
	return length;
}

uint32_t graph_find_cycle(struct order_graph *graph, struct order_edge **path, uint32_t length_max,
			  uint64_t *steps_left)
{
	struct order_node **queue = (struct order_node **)graph->scratch[0];
	uint64_t count = reach_start(path[0], queue, steps_left);
	uint32_t length = path[0]->from->reached_by ? write_path(path, length_max) : 0;

	for (uint64_t i = 0; i < count; i++)
		queue[i]->reached_by = NULL;
	return length;
}
