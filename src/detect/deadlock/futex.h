/*
 * Waits for futex words without a bound: of atomics, futures, latches, and the locks of
 * other languages.  Only a wake of this process ends one, unless the word's memory is
 * shared.
 */
#ifndef DETECT_DEADLOCK_FUTEX_H
#define DETECT_DEADLOCK_FUTEX_H

#include "detect/base/detector.h"

struct futex_wait {
	struct sync_object *futex;
	uint32_t generation; /* of the futex */
	uint32_t value;	     /* that the word must have */
};

/* Before the real wait; fills @wait but for its value.  True: a hang was reported. */
bool futex_wait_begin(struct detector *detector, struct thread *thread, struct futex_wait *wait,
		      struct sync_object *futex, stack_id stack);

/* After it: @is_woken by its result. */
void futex_wait_end(struct detector *detector, struct thread *thread, const struct futex_wait *wait,
		    bool is_woken);

/* Before a real wake of up to @count waiters. */
void futex_woken(struct detector *detector, struct sync_object *futex, uint32_t count);

#endif
