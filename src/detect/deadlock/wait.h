/*
 * Waits: announced before a thread blocks, ended when it goes on.  Announcing one
 * checks whether it closes a deadlock or completes a hang.
 */
#ifndef DETECT_DEADLOCK_WAIT_H
#define DETECT_DEADLOCK_WAIT_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* @thread will block as @wait says (but for its version).  True if this closed
 * a deadlock or a hang, which has been reported: the caller asks its policy
 * (--on-deadlock) what to do.  Pairs with wait_end(). */
bool wait_begin(struct detector *detector, struct thread *thread, const struct wait *wait);

/* Does nothing if @thread's wait has ended. */
void wait_end(struct detector *detector, struct thread *thread);

/* The action of such a wait in reports. */
static inline enum finding_action wait_action(const struct wait *wait)
{
	if (wait->kind == WAIT_JOIN)
		return ACTION_JOIN;
	return wait->kind == WAIT_INPUT ? ACTION_INPUT : ACTION_WAIT;
}

#endif
