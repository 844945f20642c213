#include "reports/formats/html/html_parts.h"
#include "reports/formats/json/json_parts.h"
#include "reports/view/order_graph.h"

static json_t *make_lock(const struct order_graph *graph, size_t number)
{
	return json_pack("[oI]", json_text(graph->locks.texts[number]),
			 (json_int_t)graph->class_of[number]);
}

static json_t *make_arrow(const struct order_arrow *arrow)
{
	return json_pack("[IIoo]", (json_int_t)arrow->from, (json_int_t)arrow->to,
			 json_text(arrow->place),
			 json_text(arrow->finding ? arrow->finding->fingerprint : NULL));
}

void html_graph_write(struct view *view, struct json_stream *stream)
{
	struct order_graph graph;

	order_graph_make(&graph, view);
	json_stream_open(stream, NULL, '{');
	json_stream_open(stream, "classes", '[');
	for (size_t i = 0; i < graph.classes.count; i++)
		json_stream_add(stream, NULL, json_text(graph.classes.texts[i]));
	json_stream_close(stream, ']');
	json_stream_open(stream, "locks", '[');
	for (size_t i = 0; i < graph.locks.count; i++)
		json_stream_add(stream, NULL, make_lock(&graph, i));
	json_stream_close(stream, ']');
	json_stream_open(stream, "arrows", '[');
	for (size_t i = 0; i < graph.arrow_count; i++)
		json_stream_add(stream, NULL, make_arrow(&graph.arrows[i]));
	json_stream_close(stream, ']');
	json_stream_close(stream, '}');
	order_graph_free(&graph);
}
