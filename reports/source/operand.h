/*
 * What the source calls the object of a call: "member->card_lock" in
 * pthread_mutex_init(&member->card_lock, NULL), "rooms_mutex_" in
 * std::unique_lock lock(rooms_mutex_), "mutex_" in mutex_.lock().
 *
 * And what it calls the place of a write: "most" in most = count.  Both are read from the
 * one line that debug information names.
 */
#ifndef REPORTS_SOURCE_OPERAND_H
#define REPORTS_SOURCE_OPERAND_H

#include "reports/symbols/source_frame.h"

/* Of the call at @frame; NULL if it is not clear, or the file was changed since. */
const char *operand_of_call(struct pool *pool, const struct source_frame *frame);

/* Of the assignment, or ++ or --, at the column of @frame; NULL likewise. */
const char *operand_of_write(struct pool *pool, const struct source_frame *frame);

#endif
