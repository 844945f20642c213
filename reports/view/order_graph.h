/*
 * The lock-order graph of a view: an arrow from a lock to each one that was wanted while it
 * was held, each once.
 */
#ifndef REPORTS_VIEW_ORDER_GRAPH_H
#define REPORTS_VIEW_ORDER_GRAPH_H

#include "reports/model/text_set.h"
#include "reports/words/view.h"

struct order_arrow {
	size_t from, to;		    /* numbers of locks */
	const char *place;		    /* where it was wanted, or NULL */
	const struct view_finding *finding; /* the first that it is part of, or NULL */
};

struct order_graph {
	struct text_set locks;	 /* names */
	struct text_set classes; /* names without number and line */
	size_t *class_of;	 /* by the number of the lock */
	struct order_arrow *arrows;
	size_t arrow_count;
	struct text_set pairs;
};

/* Arrows of findings come first. */
void order_graph_make(struct order_graph *graph, struct view *view);
void order_graph_free(struct order_graph *graph);

#endif
