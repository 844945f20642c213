#include "detect/lock_order/topology.h"

#define SMALL_COMPONENT 16u
#define VISIT_CLOSED UINT32_MAX

/* Bits of order_component.reach, by the end of edges that a walk starts at. */
#define REACH_BIT(end) (1u << (end))
#define ON_CYCLE (1u << EDGE_END_COUNT)

/*
 * A search over outer edges, step by step.  EDGE_FROM: for what a component leads to, up to
 * @far.  EDGE_TO: for what leads to it, down to @far, from which no path goes on.
 */
struct search {
	enum edge_end end;
	struct order_component *far;
	struct order_component **items; /* reached; a scratch array of the graph */
	uint64_t count;
	uint64_t next;		       /* item to look at */
	const struct order_node *node; /* its member that is looked at */
	const struct order_edge *edge; /* of that node, to look at next */
};

static void reach_component(struct search *search, struct order_component *component)
{
	component->reach |= (uint8_t)REACH_BIT(search->end);
	search->items[search->count++] = component;
}

static struct search begin_search(void **scratch, struct order_component *start,
				  struct order_component *far, enum edge_end end)
{
	struct search search = {
		.end = end,
		.far = far,
		.items = (struct order_component **)scratch,
	};

	reach_component(&search, start);
	return search;
}

static void follow_edge(struct search *search, const struct order_edge *edge)
{
	struct order_component *next = edge->ends[!search->end]->component;
	bool is_within = search->end == EDGE_FROM ? next->position <= search->far->position
						  : next->position >= search->far->position;

	if (is_within && !(next->reach & REACH_BIT(search->end)))
		reach_component(search, next);
}

/* The first member of the next item, or NULL. */
static const struct order_node *take_item(struct search *search)
{
	const struct order_component *item;

	if (search->next == search->count)
		return NULL;
	item = search->items[search->next++];
	if (item != search->far)
		return item->members;
	return search->next < search->count ? search->items[search->next++]->members : NULL;
}

/* Looks at one more node or edge.  False: there is none. */
static bool step_on(struct search *search)
{
	const struct order_edge *edge = search->edge;

	if (edge) {
		search->edge = edge->next[search->end];
		follow_edge(search, edge);
		return true;
	}
	if (search->node)
		search->node = search->node->next_member;
	if (!search->node)
		search->node = take_item(search);
	if (search->node)
		search->edge = search->node->edges[search->end][EDGE_OUTER];
	return search->node;
}

static void unmark_reached(const struct search *search)
{
	for (uint64_t i = 0; i < search->count; i++)
		search->items[i]->reach = 0;
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
static void sort_by_position(const struct search *search)
{
	struct order_component **items = search->items;

	for (uint64_t i = search->count / 2; i-- > 0;)
		sift_down(items, i, search->count);
	for (uint64_t end = search->count; end-- > 1;) {
		struct order_component *last = items[end];

		items[end] = items[0];
		items[0] = last;
		sift_down(items, 0, end);
	}
}

/* Does @component lead, or if @end is EDGE_TO is it led to, by an edge to one on the
 * cycle? */
static bool is_beside_cycle(const struct order_component *component, enum edge_end end)
{
	for (const struct order_node *node = component->members; node; node = node->next_member)
		for (const struct order_edge *edge = node->edges[end][EDGE_OUTER]; edge;
		     edge = edge->next[end])
			if (edge->ends[!end]->component->reach & ON_CYCLE)
				return true;
	return false;
}

/*
 * Takes what is on the cycle that the new edge closes out of what @search has reached, which
 * is sorted: the far end, if it was reached, and what lies on paths to it.  Returns how much
 * that is, in @cycle, the far end first.
 */
static uint64_t take_cycle(struct search *search, struct order_component **cycle)
{
	bool is_upwards = search->end == EDGE_TO;
	uint64_t rest = 0;
	uint64_t count = 0;

	if (!(search->far->reach & REACH_BIT(search->end)))
		return 0;
	for (uint64_t i = 0; i < search->count; i++) {
		struct order_component *component =
			search->items[is_upwards ? i : search->count - 1 - i];

		if (component != search->far && !is_beside_cycle(component, search->end))
			continue;
		component->reach |= ON_CYCLE;
		cycle[count++] = component;
	}
	for (uint64_t i = 0; i < search->count; i++)
		if (!(search->items[i]->reach & ON_CYCLE))
			search->items[rest++] = search->items[i];
	search->count = rest;
	for (uint64_t i = 0; i < count; i++)
		cycle[i]->reach = 0;
	return count;
}

/*
 * @from has the higher position, but an edge leads from it to @to.  Of two searches that go
 * on in turn, the one that ends first tells what to move to the other's start: what leads
 * to @from, right before @to; or what @to leads to, right behind @from.  What is on a cycle
 * takes the place of that start.
 */
static void restore_order(struct order_graph *graph, struct order_component *from,
			  struct order_component *to)
{
	struct order_component **cycle = (struct order_component **)graph->scratch[2];
	struct search forward = begin_search(graph->scratch[0], to, from, EDGE_FROM);
	struct search backward = begin_search(graph->scratch[1], from, to, EDGE_TO);
	struct search *moved = NULL;
	uint64_t cycle_count;

	while (!moved)
		moved = !step_on(&backward) ? &backward : !step_on(&forward) ? &forward : NULL;
	unmark_reached(moved == &forward ? &backward : &forward);
	for (uint64_t i = 0; i < moved->count; i++)
		moved->items[i]->reach = (uint8_t)REACH_BIT(moved->end);
	sort_by_position(moved);
	cycle_count = take_cycle(moved, cycle);
	unmark_reached(moved);
	if (moved == &backward)
		graph_move_before(graph, moved->items, moved->count, to);
	else
		graph_move_behind(graph, moved->items, moved->count, from);
	if (cycle_count > 0)
		component_contract(graph, cycle, cycle_count);
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
	part->gates = old->gates;
	for (const struct cycle_link *link = node->cycles; link; link = link->next)
		part->refining_count += link->record->is_refining && link->record->member == node;
}

/* The first part takes the old place, which is behind @before, the others go to the end. */
static void place_parts(struct order_graph *graph, const struct walk *walk,
			struct order_component *before)
{
	uint64_t last = walk->part_count - 1;

	graph_place_first(graph, walk->parts[last]);
	if (before)
		graph_move_behind(graph, &walk->parts[last], 1, before);
	for (uint64_t i = last; i-- > 0;)
		graph_place_last(graph, walk->parts[i]);
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

static void split_component(struct order_graph *graph, struct order_component *component)
{
	struct order_component old = *component;
	struct order_node *next;
	struct walk walk = {
		.path = (struct order_node **)graph->scratch[0],
		.open = (struct order_node **)graph->scratch[1],
		.parts = (struct order_component **)graph->scratch[2],
	};

	graph_unplace(graph, component);
	*component = (struct order_component){0};
	for (struct order_node *node = old.members; node; node = node->next_member)
		if (node->visit == 0)
			walk_from(&walk, node);
	for (struct order_node *node = old.members; node; node = next) {
		next = node->next_member;
		join_part(node, &old);
	}
	place_parts(graph, &walk, old.before);
	relink_edges(graph, &walk);
}

void topology_split(struct order_graph *graph, struct order_component *component)
{
	if (component->size <= SMALL_COMPONENT || component->removed_count >= component->size)
		split_component(graph, component);
}
