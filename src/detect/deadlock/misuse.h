/*
 * Misuse of primitives: calls that POSIX leaves undefined.
 *
 * We may have missed an acquisition (before observation began, or by code that is
 * not observed).  So a release or destruction that does not fit our state is a
 * finding only if the object's own memory says the same: 'real' is what the caller
 * read there.
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

/* @thread releases @object, which by our state it does not hold. */
void misuse_released(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack, enum real_state real);

/* Does a mutex of @object's kind return an error to a caller that may not do what it asks? */
bool misuse_is_refused(const struct sync_object *object);

/* @thread is about to initialise @object, as one of @kind. */
void misuse_initialising(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum object_kind kind, stack_id stack,
			 enum real_state real);

/* @thread destroys @object. */
void misuse_destroyed(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack, enum real_state real);

/* Does a living thread hold @object, a mutex or rwlock of this process, for writing, by our
 * state and by its memory?  Not if it held it before a fork. */
bool misuse_is_held(struct detector *detector, const struct sync_object *object);

/* @thread frees the memory of @object, which is held. */
void misuse_freed(struct detector *detector, struct thread *thread, struct sync_object *object,
		  stack_id stack);

/* @thread waits on @condition with a mutex that it does not hold.  A warning if the call
 * fails (@is_refused), since that tells the program. */
void misuse_waited_without(struct detector *detector, struct thread *thread,
			   struct sync_object *condition, struct sync_object *mutex,
			   stack_id stack, bool is_refused);

/* @thread has announced that it waits at a condition: does somebody with another mutex?
 * Of two that come at one time, one sees the other, as each looks after it has announced. */
void misuse_waits_with(struct detector *detector, struct thread *thread);

/* A lock call of @thread returned EDEADLK. */
void misuse_refused(struct detector *detector, struct thread *thread, struct sync_object *object,
		    stack_id stack);

/* @thread released the robust @object, got by EOWNERDEAD, without making it
 * consistent. */
void misuse_abandoned(struct detector *detector, struct thread *thread,
		      struct sync_object *object, stack_id stack);

/* @thread waits for @object.  Its memory says that thread @holder holds it, but @holder has
 * never taken it at this address: it is a copy of a lock that was held. */
void misuse_copied(struct detector *detector, struct thread *thread, struct sync_object *object,
		   struct thread *holder, stack_id stack);

/* @thread has ended: what does it still hold?  Called with detector.lock held. */
void misuse_thread_gone(struct detector *detector, struct thread *thread);

/* The process ends: threads that ended and were neither joined nor detached. */
void misuse_process_ended(struct detector *detector);

#endif
