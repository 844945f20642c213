#include "reports/view/order_graph.h"

#include <stdio.h>

#include "reports/words/names.h"

static size_t add_lock(struct order_graph *graph, struct view *view,
		       const struct model_process *process, lock_id lock)
{
	size_t count = graph->locks.count;
	size_t number = text_set_add(&graph->locks, lock_name(view, process, lock));

	if (number == count) {
		graph->class_of =
			pool_grow(view->pool, graph->class_of, count, sizeof(*graph->class_of));
		graph->class_of[number] =
			text_set_add(&graph->classes, lock_stable_name(view, process, lock));
	}
	return number;
}

static void add_arrow(struct order_graph *graph, struct view *view,
		      const struct model_process *process, const struct finding_event *hold,
		      const struct finding_event *wait, const struct view_finding *finding)
{
	size_t count = graph->pairs.count;
	struct order_arrow arrow;
	char key[64];

	if (!hold->lock || !wait->lock)
		return;
	arrow = (struct order_arrow){
		.from = add_lock(graph, view, process, hold->lock),
		.to = add_lock(graph, view, process, wait->lock),
		.place = symbolize_place(view->symbolizer, process, wait->stack),
		.finding = finding,
	};
	snprintf(key, sizeof(key), "%zu %zu", arrow.from, arrow.to);
	if (text_set_add(&graph->pairs, key) != count)
		return;
	graph->arrows = pool_grow(view->pool, graph->arrows, graph->arrow_count, sizeof(arrow));
	graph->arrows[graph->arrow_count++] = arrow;
}

static bool is_about_order(const struct finding *finding)
{
	return finding->kind == FINDING_LOCK_ORDER_INVERSION ||
	       finding->kind == FINDING_LOCK_ORDER_CYCLE || finding->kind == FINDING_DEADLOCK;
}

/* Of each thread what it held, then what it waited for. */
static void add_finding(struct order_graph *graph, struct view *view,
			const struct view_finding *finding)
{
	for (size_t i = 0; i + 1 < finding->event_count; i++) {
		const struct finding_event *hold = finding->events[i];
		const struct finding_event *wait = finding->events[i + 1];

		if (hold->action == ACTION_HOLD && wait->action == ACTION_WAIT &&
		    hold->thread == wait->thread)
			add_arrow(graph, view, finding->process, hold, wait, finding);
	}
}

void order_graph_make(struct order_graph *graph, struct view *view)
{
	*graph = (struct order_graph){0};
	for (size_t i = 0; i < view->finding_count; i++)
		if (is_about_order(view->findings[i].finding))
			add_finding(graph, view, &view->findings[i]);
	for (size_t i = 0; i < view->model->order_count; i++) {
		const struct model_finding *order = &view->model->orders[i];

		if (order->finding->event_count == 2)
			add_arrow(graph, view, order->process, &order->finding->events[0],
				  &order->finding->events[1], NULL);
	}
}

void order_graph_free(struct order_graph *graph)
{
	text_set_free(&graph->locks);
	text_set_free(&graph->classes);
	text_set_free(&graph->pairs);
}
