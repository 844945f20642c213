/*
 * Misuse of primitives: calls that POSIX leaves undefined.
 *
 * Our own books may miss an acquisition (before we started, by code that does
 * not come through us), so a release or destruction that they do not explain
 * is a finding only if the object itself says the same: 'real' is what the
 * caller read in it.
 */
#ifndef DETECT_DEADLOCK_MISUSE_H
#define DETECT_DEADLOCK_MISUSE_H

#include "detect/base/detector.h"

/* What the lock itself says. */
enum real_state {
	REAL_UNKNOWN,
	REAL_FREE,
	REAL_HELD_BY_CALLER,
	REAL_HELD_BY_OTHER,
	REAL_HELD /* by whom it does not say */
};

/* @thread releases @object, which by our books it does not hold. */
void misuse_released(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack, enum real_state real);

/* @thread is about to initialise @object, as one of @kind. */
void misuse_initialising(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum object_kind kind, stack_id stack,
			 enum real_state real);

/* @thread destroys @object. */
void misuse_destroyed(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack, enum real_state real);

/* @thread waits on @condition with a mutex that it does not hold.  A warning, if the
 * call fails and so tells the program. */
void misuse_waited_without(struct detector *detector, struct thread *thread,
			   struct sync_object *condition, struct sync_object *mutex,
			   stack_id stack, bool is_refused);

/* @thread is about to wait on @condition with @mutex: does somebody with another one? */
void misuse_waits_with(struct detector *detector, struct thread *thread,
		       struct sync_object *condition, struct sync_object *mutex, stack_id stack);

/* A lock call of @thread returned EDEADLK. */
void misuse_refused(struct detector *detector, struct thread *thread, struct sync_object *object,
		    stack_id stack);

/* @thread released the robust @object, got by EOWNERDEAD, without making it
 * consistent. */
void misuse_abandoned(struct detector *detector, struct thread *thread,
		      struct sync_object *object, stack_id stack);

/* @thread waits for @object, whose memory says that thread @holder holds it,
 * which by our books never took it here: it is a copy of one it did take. */
void misuse_copied(struct detector *detector, struct thread *thread, struct sync_object *object,
		   struct thread *holder, stack_id stack);

/* @thread has ended: what does it still hold?  Called with detector.lock held. */
void misuse_thread_gone(struct detector *detector, struct thread *thread);

/* The process ends: threads that ended and were neither joined nor detached. */
void misuse_process_ended(struct detector *detector);

#endif
