/*
 * Locks in signal handlers.
 *
 * A handler that wants a lock which the interrupted code holds deadlocks.  That is an
 * error when it happens, and a warning when it can happen: a handler takes a lock, and
 * so does ordinary code in a thread that the handler might interrupt.
 *
 * All functions are called with detector.lock held.
 */
#ifndef DETECT_DEADLOCK_HANDLER_H
#define DETECT_DEADLOCK_HANDLER_H

#include "detect/base/detector.h"

/* @thread may wait for @object in a handler (@stack says so), or took one that
 * a handler waits for. */
void handler_lock_taken(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack);

/* @thread deadlocked at @stack on @object: reports it if a handler was the cause. */
void handler_deadlocked(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack);

#endif
