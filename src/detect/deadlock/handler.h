/*
 * Locks in signal handlers.
 *
 * A handler that takes a lock which the code it interrupted holds waits for
 * itself.  It is an error when it happens, and a warning when it can: a lock
 * is taken by a handler, and by ordinary code in a thread that the handler
 * might interrupt.
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

/* @thread deadlocked at @stack on @object: did its handler do it? */
void handler_deadlocked(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack);

#endif
