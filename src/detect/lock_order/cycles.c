#include "detect/lock_order/cycles.h"

#include "detect/lock_order/long.h"
#include "detect/lock_order/records.h"

/* A step is an edge looked at or a pair of witnesses compared: some 10 ns. */
#define CREDIT_MAX 4000000u
#define CREDIT_PER_WITNESS 256u

/* What one search may take: all of it if there is credit, the least if not. */
#define STEPS_REPORTING_MAX 200000u
#define STEPS_REPORTING_MIN 512u
#define STEPS_COUNTING_MAX 50000u
#define STEPS_COUNTING_MIN 64u

static void borrow_steps(struct cycle_finder *finder, uint64_t most, uint64_t least)
{
	uint64_t steps = finder->credit < most ? finder->credit : most;

	finder->choice->steps_left = steps < least ? least : steps;
	finder->borrowed = finder->choice->steps_left;
}

/* Returns what is left; false if nothing is, so that the search was cut short. */
static bool return_steps(struct cycle_finder *finder)
{
	uint64_t used = finder->borrowed - finder->choice->steps_left;

	finder->credit -= used < finder->credit ? used : finder->credit;
	return finder->choice->steps_left > 0;
}

/* The weakest condition that no choice fulfils. */
static void count_suppressed(struct cycle_finder *finder, struct cycle_record *record)
{
	struct choice_question question = {.is_closed = true, .enough = STRENGTH_BEST};
	enum order_suppression reason = SUPPRESSED_SAME_THREAD;

	question.condition = CHOICE_THREADS;
	if (choice_find(finder->choice, &question) != STRENGTH_NONE) {
		question.condition = CHOICE_THREADS_AND_LOCKS;
		reason = choice_find(finder->choice, &question) != STRENGTH_NONE
				 ? SUPPRESSED_READERS
				 : SUPPRESSED_GATE;
	}
	/* A question cut short answers nothing. */
	if (finder->choice->steps_left == 0)
		return;
	if (!record)
		record = records_add(finder, CYCLE_RECORD_SUPPRESSED_MAX);
	if (record)
		records_suppress(finder, record, reason);
}

/* The path is a cycle. */
static void judge(struct cycle_finder *finder)
{
	struct cycle_record *record = records_find(finder);
	struct choice_question question = {
		.condition = CHOICE_THREADS_LOCKS_AND_MODES,
		.is_closed = true,
		.first = finder->is_reporting ? finder->trigger : NULL,
		.floor = record ? record->strength : STRENGTH_NONE,
		.enough = STRENGTH_BEST,
	};
	uint8_t strength;

	finder->is_any_found = true;
	strength = choice_find(finder->choice, &question);
	if (strength == STRENGTH_NONE) {
		if (!finder->is_reporting && question.floor == STRENGTH_NONE)
			count_suppressed(finder, record);
		return;
	}
	if (!record)
		record = records_add(finder, CYCLE_RECORD_MAX);
	if (record)
		records_report(finder, record, strength);
	else
		finder->is_record_missing = true;
}

/* Is there a valid choice for the path and @edge behind it? */
static bool is_feasible(struct cycle_finder *finder, uint32_t depth, struct order_edge *edge)
{
	const struct choice_question question = {
		.condition = CHOICE_THREADS_LOCKS_AND_MODES,
		.first = finder->trigger,
		.enough = 1,
	};

	finder->choice->edges[depth] = edge;
	finder->choice->length = depth + 1;
	return choice_find(finder->choice, &question) != STRENGTH_NONE;
}

/* The first edge from @edge on by which the path may go on, or NULL. */
static struct order_edge *next_usable(struct cycle_finder *finder, uint32_t depth,
				      struct order_edge *edge)
{
	for (; edge && finder->choice->steps_left > 0; edge = edge->next_out) {
		finder->choice->steps_left--;
		if (edge->to->is_on_path)
			continue;
		if (!finder->is_reporting || is_feasible(finder, depth, edge))
			return edge;
	}
	return NULL;
}

static void close_path(struct cycle_finder *finder, uint32_t depth)
{
	struct order_edge **path = finder->choice->edges;
	struct order_edge *closing =
		graph_find_edge(finder->graph, path[depth - 1]->to, path[0]->from);

	if (!closing)
		return;
	path[depth] = closing;
	finder->choice->length = depth + 1;
	judge(finder);
}

/* Judges the cycles of @length edges through the first edge of the path.  False
 * if no path is even as long as that without its last edge. */
static bool search_length(struct cycle_finder *finder, uint32_t length)
{
	struct order_edge **path = finder->choice->edges;
	struct order_edge *edge = path[0]->to->out[EDGE_INNER];
	bool is_reached = false;
	uint32_t depth = 1;

	path[0]->from->is_on_path = true;
	path[0]->to->is_on_path = true;
	for (;;) {
		if (depth + 1 == length) {
			is_reached = true;
			close_path(finder, depth);
			edge = NULL;
		}
		edge = next_usable(finder, depth, edge);
		if (edge) {
			path[depth++] = edge;
			edge->to->is_on_path = true;
			edge = edge->to->out[EDGE_INNER];
			continue;
		}
		if (depth == 1)
			break;
		depth--;
		path[depth]->to->is_on_path = false;
		edge = path[depth]->next_out;
	}
	path[0]->from->is_on_path = false;
	path[0]->to->is_on_path = false;
	return is_reached;
}

/* Shorter cycles first.  True if there can be longer ones than the longest. */
static bool search(struct cycle_finder *finder, uint32_t longest)
{
	for (uint32_t length = 2; length <= longest; length++) {
		if (!search_length(finder, length) || finder->choice->steps_left == 0)
			return false;
	}
	return true;
}

static void note_thread(struct cycle_finder *finder, thread_id thread)
{
	for (uint32_t i = 0; i < finder->thread_count; i++) {
		if (finder->threads[i] == thread)
			return;
	}
	if (finder->thread_count < LOCK_ORDER_CYCLE_MAX)
		finder->threads[finder->thread_count++] = thread;
}

bool cycle_finder_init(struct cycle_finder *finder, struct order_graph *graph,
		       const struct witness_store *store, order_report report, void *context)
{
	struct arena *arena = store->arena;

	*finder = (struct cycle_finder){
		.arena = arena,
		.graph = graph,
		.store = store,
		.report = report,
		.context = context,
		.choice = arena_alloc(arena, sizeof(struct choice)),
		.credit = CREDIT_MAX,
	};
	map_init(&finder->records, arena);
	return finder->choice;
}

static void search_component(struct cycle_finder *finder)
{
	bool is_complete;
	bool is_longer_possible;

	finder->is_any_found = false;
	finder->is_record_missing = false;
	finder->is_reporting = true;
	borrow_steps(finder, STEPS_REPORTING_MAX, STEPS_REPORTING_MIN);
	search(finder, finder->thread_count);
	is_complete = return_steps(finder);

	finder->is_reporting = false;
	borrow_steps(finder, STEPS_COUNTING_MAX, STEPS_COUNTING_MIN);
	is_longer_possible = search(finder, LOCK_ORDER_CYCLE_MAX);
	is_longer_possible = return_steps(finder) && is_longer_possible;

	if (is_longer_possible && !finder->is_any_found) {
		borrow_steps(finder, STEPS_LONG_MAX, STEPS_LONG_MIN);
		long_cycle_search(finder);
		is_complete = return_steps(finder) && is_complete;
	}
	if (!is_complete || finder->is_record_missing)
		finder->abandoned_count++;
}

void cycle_finder_consider(struct cycle_finder *finder, struct order_edge *edge,
			   struct edge_witness *witness)
{
	note_thread(finder, witness->moment->thread);
	finder->credit += CREDIT_PER_WITNESS;
	if (finder->credit > CREDIT_MAX)
		finder->credit = CREDIT_MAX;
	if (edge_place(edge) == EDGE_OUTER)
		return;
	finder->trigger = witness;
	finder->choice->edges[0] = edge;
	search_component(finder);
}
