/*
 * The lock-order graph for Graphviz: an arrow from a lock to each one that was wanted while
 * it was held.  Locks of one name are one node.  Arrows of findings are red.
 */
#include <errno.h>

#include "reports/model/utf8.h"
#include "reports/formats/formats.h"
#include "reports/view/order_graph.h"

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

static void write_nodes(const struct text_set *classes, FILE *out)
{
	for (size_t i = 0; i < classes->count; i++) {
		fprintf(out, "  n%zu [label=", i);
		write_quoted(out, classes->texts[i]);
		fputs("];\n", out);
	}
}

/* @pairs: those of classes that were written. */
static void write_arrow(const struct order_graph *graph, const struct order_arrow *arrow,
			struct text_set *pairs, FILE *out)
{
	size_t count = pairs->count;
	char key[64];

	snprintf(key, sizeof(key), "n%zu -> n%zu", graph->class_of[arrow->from],
		 graph->class_of[arrow->to]);
	if (text_set_add(pairs, key) != count)
		return;
	fprintf(out, "  %s [%stooltip=", key, arrow->finding ? "color=red, penwidth=2, " : "");
	write_quoted(out, arrow->place ? arrow->place : "");
	fputs("];\n", out);
}

int dot_write(struct view *view, FILE *out)
{
	struct text_set pairs = {0};
	struct order_graph graph;

	order_graph_make(&graph, view);
	fputs("digraph locks {\n  node [shape=box, fontname=\"sans-serif\"];\n", out);
	write_nodes(&graph.classes, out);
	for (size_t i = 0; i < graph.arrow_count; i++)
		write_arrow(&graph, &graph.arrows[i], &pairs, out);
	fputs("}\n", out);
	text_set_free(&pairs);
	order_graph_free(&graph);
	return ferror(out) ? -EIO : 0;
}
