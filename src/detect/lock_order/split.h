/*
 * Splits components that lost members.
 *
 * What is left of one may no longer be strongly connected.  That is correct but
 * makes searches longer, so the parts are found (Tarjan, "Depth-First Search
 * and Linear Graph Algorithms", 1972) once the component is small or has
 * halved: the cost is shared by as many removals.
 */
#ifndef DETECT_LOCK_ORDER_SPLIT_H
#define DETECT_LOCK_ORDER_SPLIT_H

#include "detect/lock_order/component.h"

/* After removals from @component: splits it if that is due. */
void split_if_due(struct order_graph *graph, struct order_component *component);

#endif
