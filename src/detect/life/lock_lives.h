/*
 * Ends of the lives of locks and other objects: by a call that destroys one, with the memory
 * that it lies in, with the stack frame that it lies in.
 */
#ifndef DETECT_LIFE_LOCK_LIVES_H
#define DETECT_LIFE_LOCK_LIVES_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* @object's life ends (destroy, free, munmap, its frame was left). */
void lock_ended(struct detector *detector, struct sync_object *object);

/* The same for all objects in [start, end), memory that is mapped anew: nothing is compared
 * with these ends. */
void lock_memory_begins(struct detector *detector, uintptr_t start, uintptr_t end);

/* @thread is about to free [start, end): ends the lives of the objects there; if the memory
 * may stay, only of those that nobody holds.  @context is for hooks->access_stack(). */
void lock_memory_freed(struct detector *detector, struct thread *thread, uintptr_t start,
		       uintptr_t end, bool may_stay, const void *context);

/* @thread's stack pointer is @sp: the locks below it on the thread's stack are gone.  Does
 * nothing if @sp is on another stack (a coroutine's, a handler's). */
void lock_stack_left(struct detector *detector, struct thread *thread, uintptr_t sp);

#endif
