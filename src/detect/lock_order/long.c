#include "detect/lock_order/long.h"

#include "detect/lock_order/records.h"

/* Breadth first from the end of @first back to its start, over inner edges.
 * Returns how many nodes were reached; they are in @queue. */
static uint64_t reach_start(struct cycle_finder *finder, const struct order_edge *first,
			    struct order_node **queue)
{
	uint64_t count = 0;

	queue[count++] = first->to;
	for (uint64_t i = 0; i < count && !first->from->reached_by; i++) {
		for (struct order_edge *edge = queue[i]->out[EDGE_INNER]; edge;
		     edge = edge->next_out) {
			if (finder->choice->steps_left == 0)
				return count;
			finder->choice->steps_left--;
			if (edge->to->reached_by || edge->to == first->to)
				continue;
			edge->to->reached_by = edge;
			queue[count++] = edge->to;
		}
	}
	return count;
}

/* Writes the path down, from its end on; false if there is none that fits. */
static bool take_path(struct choice *choice)
{
	struct order_edge *first = choice->edges[0];
	uint32_t length = 1;

	if (!first->from->reached_by)
		return false;
	for (const struct order_node *node = first->from; node != first->to;
	     node = node->reached_by->from)
		length++;
	if (length > CHOICE_LENGTH_MAX)
		return false;
	choice->length = length;
	for (const struct order_node *node = first->from; node != first->to;
	     node = node->reached_by->from)
		choice->edges[--length] = node->reached_by;
	return true;
}

static void suppress(struct cycle_finder *finder, struct order_component *component,
		     enum order_suppression reason)
{
	if (component->long_strength != STRENGTH_NONE || component->long_reason)
		return;
	component->long_reason = (uint8_t)(reason + 1);
	finder->suppressed[reason]++;
}

static void judge(struct cycle_finder *finder, struct order_component *component)
{
	struct choice_question question = {
		.condition = CHOICE_THREADS,
		.is_closed = true,
		.first = finder->trigger,
		.enough = STRENGTH_BEST,
	};
	uint8_t strength;

	if (choice_find(finder->choice, &question) == STRENGTH_NONE) {
		suppress(finder, component, SUPPRESSED_SAME_THREAD);
		return;
	}
	question.condition = CHOICE_THREADS_LOCKS_AND_MODES;
	question.floor = component->long_strength;
	strength = choice_find(finder->choice, &question);
	if (strength == STRENGTH_NONE) {
		question.condition = CHOICE_THREADS_AND_LOCKS;
		question.floor = STRENGTH_NONE;
		suppress(finder, component,
			 choice_find(finder->choice, &question) == STRENGTH_NONE
				 ? SUPPRESSED_GATE
				 : SUPPRESSED_READERS);
		return;
	}
	if (component->long_reason)
		finder->suppressed[component->long_reason - 1]--;
	component->long_reason = 0;
	component->long_strength = strength;
	component->long_report = records_describe(finder, strength, component->long_report);
}

void long_cycle_search(struct cycle_finder *finder)
{
	struct order_edge *first = finder->choice->edges[0];
	struct order_component *component = first->from->component;
	struct order_node **queue = (struct order_node **)finder->graph->scratch[0];
	uint64_t count;
	bool is_path;

	if (component->long_strength == STRENGTH_BEST)
		return;
	count = reach_start(finder, first, queue);
	is_path = take_path(finder->choice);
	for (uint64_t i = 0; i < count; i++)
		queue[i]->reached_by = NULL;
	if (is_path)
		judge(finder, component);
}
