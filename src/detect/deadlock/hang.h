/*
 * Hangs: every thread waits, without a cycle of locks.
 *
 * The last thread to block finds every other one in an unbounded wait that only a
 * thread of this process can end, none of them woken but not yet running, and
 * nothing outside (a timer, an unknown thread) that could wake one.
 *
 * A signal handler may post a semaphore: then it is a warning, and is taken back
 * when a wait ends.
 */
#ifndef DETECT_DEADLOCK_HANG_H
#define DETECT_DEADLOCK_HANG_H

#include "detect/base/detector.h"

/* A cheap test: false if some thread does not wait. */
bool hang_is_likely(struct detector *detector);

/* @thread has announced its wait, or ended; NULL in a replay.  True: a hang was
 * reported. */
bool hang_check(struct detector *detector, struct thread *thread);

/* A wait has ended: retracts a hang that a signal handler could end. */
void hang_wait_ended(struct detector *detector);

#endif
