/*
 * What is known of each cycle, so that it is reported once, and again only
 * when its finding became stronger.
 */
#ifndef DETECT_LOCK_ORDER_RECORDS_H
#define DETECT_LOCK_ORDER_RECORDS_H

#include "detect/lock_order/cycles.h"

/* Cycles that are kept at most; a part of them is for those that are reported. */
#define CYCLE_RECORD_MAX 65536u
#define CYCLE_RECORD_SUPPRESSED_MAX 32768u

/* The record of the cycle in @finder->choice, or NULL. */
struct cycle_record *records_find(const struct cycle_finder *finder);

/* A new, empty one; NULL when memory or @limit is exhausted. */
struct cycle_record *records_add(struct cycle_finder *finder, uint32_t limit);

/* The cycle in @finder->choice has a choice of @strength. */
void records_report(struct cycle_finder *finder, struct cycle_record *record, uint8_t strength);

/* It has none, for this reason. */
void records_suppress(struct cycle_finder *finder, struct cycle_record *record,
		      enum order_suppression reason);

/* The node is about to go: so do the cycles through it. */
void records_forget(struct cycle_finder *finder, const struct order_node *node);

/* Describes the choice to the caller's function; returns the report's number. */
uint32_t records_describe(const struct cycle_finder *finder, uint8_t strength, uint32_t replaces);

#endif
