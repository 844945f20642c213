/*
 * Lives of objects against their uses: a lock, condition, semaphore or barrier that is
 * initialised, destroyed, freed or left behind by one thread, and used by another one.
 *
 * The end of a life is compared with uses that the object keeps: a lock the last hold
 * that was released (each hold is ordered after the one before), other objects the last
 * use of each thread.  A use counts at its beginning: a thread that unlocks a mutex or
 * wakes a waiter may still be in the call when another thread, which may go on by it,
 * ends the object's life (POSIX allows that).  Of a use and an end at the same time, each
 * notes itself before it looks for the other.
 *
 * A use is compared with the call that initialised the object.  If it begins a life, it
 * is compared with the last end of one at its address, too (a use that is ordered after
 * the end is lock-destroyed).  An end is forgotten when the memory may have become
 * another object's.
 *
 * Only where accesses are observed: without them, order by atomics is not seen.  Calls
 * by code that is not observed are not judged, nor are objects shared by processes.
 */
#ifndef DETECT_LIFE_LIFE_H
#define DETECT_LIFE_LIFE_H

#include "detect/base/detector.h"

/* @thread uses @object, which is no mutex, rwlock or spin lock held for writing. */
void life_used(struct detector *detector, struct thread *thread, struct sync_object *object,
	       enum finding_action action, stack_id stack);

/* @thread has released its hold on @object, taken at @stack, in its present epoch. */
void life_released(struct thread *thread, struct sync_use *use, stack_id stack);

/* @thread has initialised @object: a new life. */
void life_initialised(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack);

/* @thread takes @object at @stack: is that ordered after its initialisation? */
void life_check_init(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack);

/* @thread has begun a life of @object by a use of it, not by a call that initialises. */
void life_begun_by_use(struct detector *detector, struct thread *thread,
		       struct sync_object *object, stack_id stack);

/* @thread took or released @object, whose memory says that it has been destroyed. */
void life_used_destroyed(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum finding_action action,
			 stack_id stack);

/* @thread is about to end the life of @object: by a call that destroys it, a free
 * (ACTION_FREE), or by leaving its stack frame (ACTION_LEAVE). */
void life_ends(struct detector *detector, struct thread *thread, struct sync_object *object,
	       enum finding_action action, stack_id stack);

/* Is the end of a life at @address remembered? */
bool life_has_ended(struct detector *detector, uintptr_t address);

/* A new object may begin its life at @address. */
void life_forget_end(struct detector *detector, uintptr_t address);

/* The memory at @address, whose object has no life, is freed by @thread. */
void life_memory_freed(struct detector *detector, struct thread *thread, uintptr_t address,
		       stack_id stack);

#endif
