/*
 * Cycles that are too long to enumerate.
 *
 * If a new edge lies on no short cycle, the shortest one through it is judged
 * as a whole.  At most one is reported per component (again, if a stronger one
 * is found), with its first edges: philosophers around a large table.
 */
#ifndef DETECT_LOCK_ORDER_LONG_H
#define DETECT_LOCK_ORDER_LONG_H

#include "detect/lock_order/cycles.h"

#define STEPS_LONG_MAX 2000000u
#define STEPS_LONG_MIN 512u

/* The path has its first edge.  Spends the steps of @finder->choice. */
void long_cycle_search(struct cycle_finder *finder);

#endif
