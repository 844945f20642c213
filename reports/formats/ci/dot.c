/*
 * The lock-order graph for Graphviz: an arrow from a lock to each one that was wanted while
 * it was held.  Locks of one name are one node.  Arrows of findings are red.
 */
#include <errno.h>

#include "reports/formats/ci/utf8.h"
#include "reports/formats/formats.h"
#include "reports/merge/text_set.h"
#include "reports/words/names.h"

struct graph {
	struct view *view;
	FILE *out;
	struct text_set nodes;
	struct text_set arrows;
};

static void write_quoted(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	fputc('"', out);
	while (*at) {
		size_t length = utf8_length(at);

		if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else if (length && *at >= ' ')
			fwrite(at, 1, length, out);
		else
			fputc('?', out);
		at += length ? length : 1;
	}
	fputc('"', out);
}

/* The number of the node for @lock, which is written if it is new. */
static size_t write_node(struct graph *graph, const struct model_process *process, lock_id lock)
{
	const char *name = lock_stable_name(graph->view, process, lock);
	size_t count = graph->nodes.count;
	size_t number = text_set_add(&graph->nodes, name);

	if (number == count) {
		fprintf(graph->out, "  n%zu [label=", number);
		write_quoted(graph->out, name);
		fputs("];\n", graph->out);
	}
	return number;
}

static void write_arrow(struct graph *graph, const struct model_process *process,
			const struct finding_event *hold, const struct finding_event *wait,
			bool is_of_finding)
{
	const char *place = symbolize_place(graph->view->symbolizer, process, wait->stack);
	size_t from;
	size_t to;
	const char *key;

	if (!hold->lock || !wait->lock)
		return;
	from = write_node(graph, process, hold->lock);
	to = write_node(graph, process, wait->lock);
	key = pool_format(graph->view->pool, "%zu %zu", from, to);
	if (text_set_find(&graph->arrows, key) != TEXT_SET_NONE)
		return;
	text_set_add(&graph->arrows, key);
	fprintf(graph->out, "  n%zu -> n%zu [%stooltip=", from, to,
		is_of_finding ? "color=red, penwidth=2, " : "");
	write_quoted(graph->out, place ? place : "");
	fputs("];\n", graph->out);
}

static bool is_about_order(const struct finding *finding)
{
	return finding->kind == FINDING_LOCK_ORDER_INVERSION ||
	       finding->kind == FINDING_LOCK_ORDER_CYCLE || finding->kind == FINDING_DEADLOCK;
}

/* Of each thread what it held, then what it waited for. */
static void write_finding(struct graph *graph, const struct view_finding *finding)
{
	for (size_t i = 0; i + 1 < finding->event_count; i++) {
		const struct finding_event *hold = finding->events[i];
		const struct finding_event *wait = finding->events[i + 1];

		if (hold->action == ACTION_HOLD && wait->action == ACTION_WAIT &&
		    hold->thread == wait->thread)
			write_arrow(graph, finding->process, hold, wait, true);
	}
}

int dot_write(struct view *view, FILE *out)
{
	struct graph graph = {.view = view, .out = out};

	fputs("digraph locks {\n  node [shape=box, fontname=\"sans-serif\"];\n", out);
	for (size_t i = 0; i < view->finding_count; i++)
		if (is_about_order(view->findings[i].finding))
			write_finding(&graph, &view->findings[i]);
	for (size_t i = 0; i < view->model->order_count; i++) {
		const struct model_finding *order = &view->model->orders[i];

		if (order->finding->event_count == 2)
			write_arrow(&graph, order->process, &order->finding->events[0],
				    &order->finding->events[1], false);
	}
	fputs("}\n", out);
	text_set_free(&graph.nodes);
	text_set_free(&graph.arrows);
	return ferror(out) ? -EIO : 0;
}
