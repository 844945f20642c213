/*
 * Slots of a results file: what the guest library says of each thread that waits, and where
 * that thread took what it holds.
 *
 * Running threads write their slots, so each is copied under its sequence number;
 * a slot that keeps changing belongs to a thread that is not blocked.
 */
#ifndef REPORTS_MODEL_SLOTS_H
#define REPORTS_MODEL_SLOTS_H

#include "finding/results.h"
#include "reports/model/pool.h"

/* False if @slot is unused or keeps changing. */
bool slot_copy(const struct results_slot *slot, struct results_slot *copy);

/* How many slots of the file mapped at @image may be in use: to look at the others would
 * bring their empty pages into being. */
uint32_t slots_count(const void *image);

/* The slots of the blocked threads of process @process of the file mapped at @image. */
struct results_slot *slots_collect(struct pool *pool, const void *image, uint32_t process,
				   size_t *count);

#endif
