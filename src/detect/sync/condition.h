/*
 * Condition variables: a signal hands over to the wait it ends.
 *
 * A wait gives its mutex up and takes it again before it returns, however it
 * ends (signal, time-out, cancellation).
 */
#ifndef DETECT_SYNC_CONDITION_H
#define DETECT_SYNC_CONDITION_H

#include "detect/base/detector.h"
#include "detect/base/held_locks.h"

/* What @thread gave up for its wait, to be put back. */
struct condition_wait {
	struct sync_object *condition;
	struct sync_object *mutex;
	uint32_t generation;   /* of the condition */
	struct held_lock held; /* of the mutex */
	bool was_held;
	stack_id stack;
};

/* Before the real wait.  True: a deadlock or hang was reported. */
bool condition_wait_begin(struct detector *detector, struct thread *thread,
			  struct condition_wait *wait, bool is_timed);

/* After it: @is_woken if by a signal as far as its result tells. */
void condition_wait_end(struct detector *detector, struct thread *thread,
			const struct condition_wait *wait, bool is_woken);

/* Before the real signal. */
void condition_signalled(struct detector *detector, struct thread *thread,
			 struct sync_object *condition, bool is_broadcast, stack_id stack);

#endif
