/*
 * Orders of locks over many processes and runs.
 *
 * A process judges the orders that it has seen by itself (detect/lock_order).  Here the
 * orders of all are joined by the classes of the locks, which are names that are the same in
 * every process: a ring of orders of which no process has seen all is a finding, a warning.
 * Locks that only the place of their first use would name have no class.
 *
 * As within a process, a ring is none if two of its orders had a common gate, or if the hold
 * of one lets the wait of the other pass, as both read.
 */
#ifndef REPORTS_MERGE_ORDERS_H
#define REPORTS_MERGE_ORDERS_H

#include "reports/merge/merged_file.h"
#include "reports/words/view.h"

struct orders;

struct orders *orders_new(void);
void orders_free(struct orders *orders);

/* Has @view, of one file, orders that are new? */
bool orders_have_new(const struct orders *orders, struct view *view);

/* Takes the orders of @view; number 1 of its processes is @first_process of @merged if
 * @is_copied, and else what was there before stands for it. */
void orders_add(struct orders *orders, struct view *view, uint32_t first_process, bool is_copied);

/* Adds a finding for each ring. */
void orders_report(struct orders *orders, struct merged_file *merged);

#endif
