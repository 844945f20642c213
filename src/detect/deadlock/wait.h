/*
 * Waits: announced before a thread blocks, over when it goes on.  Whoever announces
 * one looks whether it closes a deadlock, or is the last of a hang.
 */
#ifndef DETECT_DEADLOCK_WAIT_H
#define DETECT_DEADLOCK_WAIT_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/*
 * @thread will block as @wait says (but for its version).  True if this closed
 * a deadlock or a hang, which has been reported: the caller asks its policy
 * (--on-deadlock) what to do.  Pairs with wait_end().
 */
bool wait_begin(struct detector *detector, struct thread *thread, const struct wait *wait);

/* Does nothing if @thread's wait has ended. */
void wait_end(struct detector *detector, struct thread *thread);

#endif
