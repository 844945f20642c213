/*
 * A topological order of the lock-order graph, kept online.
 *
 * A new edge that agrees with the order costs nothing more; one against it has
 * the components between its ends searched and reordered (Pearce and Kelly, "A
 * Dynamic Topological Sort Algorithm for Directed Acyclic Graphs", 2006).  If
 * it closes a cycle, the components on the paths back are contracted to one,
 * so that the order of components stays a topological one.
 */
#ifndef DETECT_LOCK_ORDER_TOPOLOGY_H
#define DETECT_LOCK_ORDER_TOPOLOGY_H

#include "detect/lock_order/graph.h"

/* Links an edge of graph_add_edge() to its nodes, and brings their components
 * in order or contracts them. */
void topology_link(struct order_graph *graph, struct order_edge *edge);

#endif
