/*
 * Wait-holding-lock: a waiting thread holds a lock that its waker needs.
 *
 * A thread that waits on a condition or a semaphore, or joins, keeps its other
 * locks.  If the waker takes one of these on its way, both block for ever when the
 * waiter comes first.
 */
#ifndef DETECT_DEADLOCK_WAKER_H
#define DETECT_DEADLOCK_WAKER_H

#include "detect/base/detector.h"

/* @thread joined @target, holding what it holds.  Called with detector.lock
 * held. */
void waker_joined(struct detector *detector, struct thread *thread, struct thread *target,
		  stack_id stack);

/* @thread waits on @object (a condition with @mutex, or a semaphore), or
 * signals it: its other locks are noted, and compared with those that threads
 * on the other side held.  Read locks on both sides do not count. */
void waker_waits(struct detector *detector, struct thread *thread, struct sync_object *object,
		 struct sync_object *mutex, stack_id stack);
void waker_signals(struct detector *detector, struct thread *thread, struct sync_object *object,
		   stack_id stack);

/* Would waker_signals() for this semaphore note nothing new? */
bool waker_knows_post(const struct thread *thread, const struct sync_object *semaphore);

#endif
