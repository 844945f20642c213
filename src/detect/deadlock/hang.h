/*
 * Hangs: every thread waits, without a cycle of locks.
 *
 * The last thread to block finds every other in a wait without a bound that
 * only a thread of this process can end, none of them already woken but not
 * yet running, and nothing outside (a timer, a thread never seen) that could
 * wake one.  Then nothing will ever happen again.
 *
 * A signal handler may post a semaphore: then it is a warning, and is taken back
 * when a wait ends.
 */
#ifndef DETECT_DEADLOCK_HANG_H
#define DETECT_DEADLOCK_HANG_H

#include "detect/base/detector.h"

/* Does every thread seem to wait for the others?  A cheap look. */
bool hang_is_likely(struct detector *detector);

/* @thread has announced its wait, or ended.  True if all hang for ever, which was
 * reported.  NULL: whoever, in a replay. */
bool hang_check(struct detector *detector, struct thread *thread);

/* A wait has ended: a hang that a signal handler could end was none. */
void hang_wait_ended(struct detector *detector);

#endif
