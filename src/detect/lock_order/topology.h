/*
 * A topological order of the components, kept online.
 *
 * A new edge that agrees with the order costs nothing more.  One against it
 * has the components between its ends searched from both, in turn, until one search has
 * found all of its side, which is moved (Alpern, Hoover, Rosen, Sweeney and Zadeck,
 * "Incremental Evaluation of Computational Circuits", 1990; Haeupler, Kavitha, Mathew, Sen
 * and Tarjan, "Incremental Cycle Detection, Topological Ordering, and Strong Component
 * Maintenance", 2012).  If the searches meet, the edge closes a cycle, and the components
 * on the paths back are contracted to one.
 *
 * What is left of a component after removals may no longer be strongly
 * connected.  That is correct but makes searches longer, so the strongly
 * connected parts are found (Tarjan, "Depth-First Search and Linear Graph
 * Algorithms", 1972) if the component is small or has halved: the cost is
 * shared by as many removals.
 */
#ifndef DETECT_LOCK_ORDER_TOPOLOGY_H
#define DETECT_LOCK_ORDER_TOPOLOGY_H

#include "detect/lock_order/graph.h"

/* Links an edge of graph_add_edge() to its nodes, and reorders or contracts
 * their components. */
void topology_link(struct order_graph *graph, struct order_edge *edge);

/* Called after a removal from @component: splits it if that is due. */
void topology_split(struct order_graph *graph, struct order_component *component);

#endif
