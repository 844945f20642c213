/*
 * Orders of locks that a run has shown, and a file that says which ones are meant.
 *
 * Both speak of classes of locks: names that are the same in every process.  An order
 * whose locks have no such names is left out.
 */
#ifndef REPORTS_ORDER_ORDER_CHECK_H
#define REPORTS_ORDER_ORDER_CHECK_H

#include "reports/order/order_file.h"
#include "reports/words/view.h"

/* Adds a finding to the model of @view, which has none yet, for each order that @file does
 * not allow. */
void order_check(struct view *view, const struct order_file *file);

/* Adds to @file each order of @view that it does not allow. */
void order_learn(struct view *view, struct order_file *file, struct pool *pool);

#endif
