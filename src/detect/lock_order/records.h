/*
 * Known cycles: each is reported once, and again only when its finding became
 * stronger.
 */
#ifndef DETECT_LOCK_ORDER_RECORDS_H
#define DETECT_LOCK_ORDER_RECORDS_H

#include "detect/lock_order/cycles.h"

/* Records that are kept at most, and how many of them suppressed cycles may
 * fill. */
#define CYCLE_RECORD_MAX 65536u
#define CYCLE_RECORD_SUPPRESSED_MAX 32768u

/* The record of the cycle in @finder->choice, or NULL. */
struct cycle_record *records_find(const struct cycle_finder *finder);

/* A new, empty one; NULL when memory or @limit is exhausted. */
struct cycle_record *records_add(struct cycle_finder *finder, uint32_t limit);

/* Removes the records of all cycles through @node. */
void records_forget(struct cycle_finder *finder, struct order_node *node);

/* May a later witness of known edges change the verdict? */
void records_set_refining(struct cycle_finder *finder, struct cycle_record *record,
			  bool is_refining);

/* Reports the choice in @finder->choice, which has @strength. */
void records_report(struct cycle_finder *finder, struct cycle_state *state, uint8_t strength);

/* Counts the cycle as suppressed for @reason. */
void records_suppress(struct cycle_finder *finder, struct cycle_state *state,
		      enum order_suppression reason);

#endif
