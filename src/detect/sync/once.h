/*
 * Once: pthread_once, call_once, guards of C++ statics.
 *
 * The thread that runs the body owns the object meanwhile, so that a body that waits
 * for itself, or for a thread that waits for it, is a deadlock.  The body happens
 * before the return of all later calls; one that was left by an exception or by
 * cancellation, before the next one begins.
 */
#ifndef DETECT_SYNC_ONCE_H
#define DETECT_SYNC_ONCE_H

#include "detect/base/detector.h"

/* @thread begins to run the body. */
void once_begun(struct detector *detector, struct thread *thread, struct sync_object *object,
		stack_id stack);

/* The body returned, or was left by an exception or cancellation. */
void once_finished(struct detector *detector, struct thread *thread, struct sync_object *object);

/* @thread waits for another's body to end.  Pairs with wait_end(). */
bool once_wait_begin(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack);

/* @thread returns after the body has been run. */
void once_passed(struct detector *detector, struct thread *thread, struct sync_object *object);

#endif
