#include "detect/lock_order/cycles.h"

#include "detect/lock_order/records.h"

/* A step is an edge looked at or a pair of witnesses compared: some 10 ns. */
#define CREDIT_MAX 4000000u
#define CREDIT_PER_WITNESS 256u

/* The steps of one search: the most if there is credit, the least if not. */
#define STEPS_REPORTING_MAX 200000u
#define STEPS_REPORTING_MIN 512u
#define STEPS_COUNTING_MAX 50000u
#define STEPS_COUNTING_MIN 64u
#define STEPS_LONG_MAX 2000000u
#define STEPS_LONG_MIN 512u

#define CLOSING_MAX 256u

static void borrow_steps(struct cycle_finder *finder, uint64_t most, uint64_t least)
{
	uint64_t steps = finder->credit < most ? finder->credit : most;

	finder->choice->steps_left = steps < least ? least : steps;
	finder->borrowed = finder->choice->steps_left;
}

/* False if no steps are left, so that the search was cut short. */
static bool return_steps(struct cycle_finder *finder)
{
	uint64_t used = finder->borrowed - finder->choice->steps_left;

	finder->credit -= used < finder->credit ? used : finder->credit;
	return finder->choice->steps_left > 0;
}

/* The strength of the best choice for the cycle, if it is above @floor. */
static uint8_t rate_cycle(struct cycle_finder *finder, enum choice_condition condition,
			  struct edge_witness *first, uint8_t floor)
{
	const struct choice_question question = {
		.condition = condition,
		.is_closed = true,
		.first = first,
		.floor = floor,
		.enough = STRENGTH_BEST,
	};

	return choice_find(finder->choice, &question);
}

/* The weakest condition that no choice fulfils; ORDER_SUPPRESSION_COUNT if the
 * steps do not suffice to tell. */
static enum order_suppression find_reason(struct cycle_finder *finder, struct edge_witness *first)
{
	enum order_suppression reason = SUPPRESSED_SAME_THREAD;

	if (rate_cycle(finder, CHOICE_THREADS, first, STRENGTH_NONE) != STRENGTH_NONE)
		reason = rate_cycle(finder, CHOICE_THREADS_AND_LOCKS, first, STRENGTH_NONE) !=
					 STRENGTH_NONE
				 ? SUPPRESSED_READERS
				 : SUPPRESSED_GATE;
	return finder->choice->steps_left > 0 ? reason : ORDER_SUPPRESSION_COUNT;
}

static void suppress_cycle(struct cycle_finder *finder, struct cycle_record *record)
{
	enum order_suppression reason = find_reason(finder, NULL);

	if (reason == ORDER_SUPPRESSION_COUNT)
		return;
	if (!record)
		record = records_add(finder, CYCLE_RECORD_SUPPRESSED_MAX);
	if (!record || record->state.reason == reason + 1)
		return;
	records_suppress(finder, &record->state, reason);
	records_set_refining(finder, record, reason == SUPPRESSED_SAME_THREAD);
}

/* The path is a cycle. */
static void classify_cycle(struct cycle_finder *finder)
{
	struct cycle_record *record = records_find(finder);
	uint8_t floor = record ? record->state.strength : STRENGTH_NONE;
	uint8_t strength;

	finder->is_any_found = true;
	strength = rate_cycle(finder, CHOICE_THREADS_LOCKS_AND_MODES,
			      finder->is_reporting ? finder->trigger : NULL, floor);
	if (strength == STRENGTH_NONE) {
		if (!finder->is_reporting && floor == STRENGTH_NONE)
			suppress_cycle(finder, record);
		return;
	}
	if (!record)
		record = records_add(finder, CYCLE_RECORD_MAX);
	if (!record) {
		finder->is_record_missing = true;
		return;
	}
	records_report(finder, &record->state, strength);
	records_set_refining(finder, record, strength_verdict(strength) == ORDER_BY_HAND_OVER);
}

/* Is there a valid choice for the path with @edge added? */
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

/* The first edge from @edge on that the path may take next, or NULL. */
static struct order_edge *find_usable(struct cycle_finder *finder, uint32_t depth,
				      struct order_edge *edge)
{
	for (; edge && finder->choice->steps_left > 0; edge = edge->next[EDGE_FROM]) {
		finder->choice->steps_left--;
		if (edge->to->is_on_path)
			continue;
		if (!finder->is_reporting || is_feasible(finder, depth, edge))
			return edge;
	}
	return NULL;
}

/* Marks the nodes from which an edge leads to the start of the path with that edge: to look
 * for it costs ten times as much as a step.  Not all if there are many. */
static void mark_closing(struct cycle_finder *finder, bool is_marked)
{
	struct order_edge *edge = finder->choice->edges[0]->from->edges[EDGE_TO][EDGE_INNER];

	for (uint32_t i = 0; edge && i < CLOSING_MAX; i++, edge = edge->next[EDGE_TO])
		edge->from->reached_by = is_marked ? edge : NULL;
	finder->is_all_marked = is_marked && !edge;
}

static void close_path(struct cycle_finder *finder, uint32_t depth)
{
	struct order_edge **path = finder->choice->edges;
	struct order_edge *closing = path[depth - 1]->to->reached_by;

	if (!closing && !finder->is_all_marked)
		closing = graph_find_edge(finder->graph, path[depth - 1]->to, path[0]->from);

	if (!closing)
		return;
	path[depth] = closing;
	finder->choice->length = depth + 1;
	classify_cycle(finder);
}

/* Classifies the cycles of @length edges through the first edge of the path.
 * False if no path has as many edges without the last one. */
static bool search_length(struct cycle_finder *finder, uint32_t length)
{
	struct order_edge **path = finder->choice->edges;
	struct order_edge *edge = path[0]->to->edges[EDGE_FROM][EDGE_INNER];
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
		edge = find_usable(finder, depth, edge);
		if (edge) {
			path[depth++] = edge;
			edge->to->is_on_path = true;
			edge = edge->to->edges[EDGE_FROM][EDGE_INNER];
			continue;
		}
		if (depth == 1)
			break;
		depth--;
		path[depth]->to->is_on_path = false;
		edge = path[depth]->next[EDGE_FROM];
	}
	path[0]->from->is_on_path = false;
	path[0]->to->is_on_path = false;
	return is_reached;
}

/* Shorter cycles first.  True if there may be cycles longer than @longest. */
static bool search_lengths(struct cycle_finder *finder, uint32_t longest)
{
	for (uint32_t length = 2; length <= longest; length++) {
		if (!search_length(finder, length) || finder->choice->steps_left == 0)
			return false;
	}
	return true;
}

static void classify_long_cycle(struct cycle_finder *finder, struct cycle_state *state)
{
	enum order_suppression reason;
	uint8_t strength = rate_cycle(finder, CHOICE_THREADS_LOCKS_AND_MODES, finder->trigger,
				      state->strength);

	if (strength != STRENGTH_NONE) {
		records_report(finder, state, strength);
	} else if (state->strength == STRENGTH_NONE && !state->reason) {
		reason = find_reason(finder, finder->trigger);
		if (reason != ORDER_SUPPRESSION_COUNT)
			records_suppress(finder, state, reason);
	}
}

static void search_long_cycle(struct cycle_finder *finder)
{
	struct choice *choice = finder->choice;
	struct cycle_state *state = &choice->edges[0]->from->component->long_cycle;

	if (state->strength == STRENGTH_BEST)
		return;
	choice->length = graph_find_cycle(finder->graph, choice->edges, CHOICE_LENGTH_MAX,
					  &choice->steps_left);
	if (choice->length > 0)
		classify_long_cycle(finder, state);
}

static void record_thread(struct cycle_finder *finder, thread_id thread)
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

/* False if the steps did not suffice. */
static bool report_cycles(struct cycle_finder *finder)
{
	finder->is_reporting = true;
	borrow_steps(finder, STEPS_REPORTING_MAX, STEPS_REPORTING_MIN);
	search_lengths(finder, finder->thread_count);
	return return_steps(finder);
}

/* Behind a common gate there is nothing to report, and cycles are counted while they are few. */
static void search_component(struct cycle_finder *finder)
{
	struct order_component *component = finder->choice->edges[0]->from->component;
	bool is_gated = component->gates.count > 0;
	bool is_complete;
	bool is_longer_possible;

	if (is_gated && component->is_too_dense)
		return;
	finder->is_any_found = false;
	finder->is_record_missing = false;
	mark_closing(finder, true);
	is_complete = is_gated || report_cycles(finder);

	finder->is_reporting = false;
	borrow_steps(finder, STEPS_COUNTING_MAX, STEPS_COUNTING_MIN);
	is_longer_possible = search_lengths(finder, LOCK_ORDER_CYCLE_MAX);
	component->is_too_dense = !return_steps(finder);
	is_longer_possible = is_longer_possible && !component->is_too_dense;
	mark_closing(finder, false);

	if (is_longer_possible && !finder->is_any_found) {
		borrow_steps(finder, STEPS_LONG_MAX, STEPS_LONG_MIN);
		search_long_cycle(finder);
		is_complete = return_steps(finder) && is_complete;
	}
	if (!is_complete || finder->is_record_missing)
		finder->abandoned_count++;
}

void cycle_finder_consider(struct cycle_finder *finder, struct order_edge *edge,
			   struct edge_witness *witness)
{
	record_thread(finder, witness->moment->thread);
	finder->credit += CREDIT_PER_WITNESS;
	if (finder->credit > CREDIT_MAX)
		finder->credit = CREDIT_MAX;
	if (edge_place(edge) == EDGE_OUTER)
		return;
	finder->trigger = witness;
	finder->choice->edges[0] = edge;
	search_component(finder);
}
