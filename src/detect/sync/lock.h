/*
 * Locks: what mutexes, rwlocks, spin locks and lock-like semaphores share.
 *
 * The order of calls around a real lock call is: lock_wanted() before it (the
 * lock order is checked before the thread can block, so that the very first
 * collision is reported), lock_acquired() after it succeeded; lock_releasing()
 * before the real release, so that no thread is seen to take a lock that another
 * one is still seen to hold.
 *
 * These are the hottest functions of the product: the inline part is what an
 * uncontended acquisition in a known order runs.
 */
#ifndef DETECT_SYNC_LOCK_H
#define DETECT_SYNC_LOCK_H

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/lock_order/chain.h"
#include "detect/base/detector.h"
#include "detect/race/memory.h"

/* The object at @address of @kind, begun if this is its first use. */
struct sync_object *lock_begin(struct detector *detector, struct thread *thread, uintptr_t address,
			       enum object_kind kind, uint32_t attributes, stack_id stack);

static inline struct sync_object *lock_find(struct detector *detector, struct thread *thread,
					    uintptr_t address, enum object_kind kind,
					    uint32_t attributes, stack_id stack)
{
	struct sync_object *object = sync_find(&detector->objects, address);

	if (LIKELY(object && object->info))
		return object;
	return lock_begin(detector, thread, address, kind, attributes, stack);
}

/* Slow paths of the functions below. */
void lock_acquire_clock(struct detector *detector, struct thread *thread,
			struct sync_object *object, enum lock_mode mode);
/* The hold that is given up was taken at @stack. */
void lock_give(struct detector *detector, struct clock_releaser by, struct sync_object *object,
	       stack_id stack);
void lock_give_shared(struct detector *detector, struct clock_releaser by,
		      struct sync_object *object, stack_id stack);
void lock_note_handler(struct detector *detector, struct thread *thread,
		       struct sync_object *object, stack_id stack);

/* @thread is about to take @object and may block.  @object is not held by it. */
static inline void lock_wanted(struct detector *detector, struct thread *thread,
			       struct sync_object *object, enum lock_mode mode, bool is_timed,
			       stack_id stack)
{
	uint64_t key;

	/* A handler that only tries never waits for what it interrupted. */
	if (UNLIKELY(stack & STACK_ID_IN_HANDLER))
		lock_note_handler(detector, thread, object, stack);
	if (thread->held.count == 0)
		return;
	key = held_locks_extend(held_locks_chain(&thread->held), object, mode);
	key = chain_key(detector, key, is_timed);
	if (LIKELY(chain_is_cached(thread, key)))
		return;
	memory_before_order(detector, thread);
	chain_validate(detector, thread, object, mode, is_timed, stack, key);
}

/* @object was taken, though no release by its owner was seen: code that is not observed has
 * released it (conditions of glibc 2.2 do), and may order threads. */
void lock_taken_from(struct detector *detector, const struct sync_object *object);

/* @thread has taken @object, which nobody held. */
static inline __attribute__((always_inline)) void
lock_acquired_free(struct detector *detector, struct thread *thread, struct sync_object *object,
	      enum lock_mode mode, stack_id stack)
{
	uint64_t chain = held_locks_extend(held_locks_chain(&thread->held), object, mode);
	uint64_t how = held_locks_how((uint8_t)mode, stack & STACK_ID_IN_HANDLER,
				      thread->held.wanted_under);

	if (UNLIKELY(thread->held.count == thread->held.capacity) &&
	    !held_locks_reserve(detector, thread))
		return;
	thread->held.wanted_under = 0;
	held_locks_push(&thread->held, object, chain, how, stack);
	if (mode == LOCK_EXCLUSIVE)
		store_relaxed(&object->owner, thread->id); /* ordered by the guest's lock */
	if (object->stamp != thread->clocks.stamp && object->stamp)
		lock_acquire_clock(detector, thread, object, mode);
	if (UNLIKELY(object->generation & SYNC_HANDLER_LOCK))
		lock_note_handler(detector, thread, object, stack);
}

/* @thread has taken @object, which it did not hold before. */
static inline void lock_acquired(struct detector *detector, struct thread *thread,
				 struct sync_object *object, enum lock_mode mode, stack_id stack)
{
	/* relaxed: ordered by the guest's lock */
	if (mode == LOCK_EXCLUSIVE && UNLIKELY(load_relaxed(&object->owner)))
		lock_taken_from(detector, object);
	lock_acquired_free(detector, thread, object, mode, stack);
}

/* @thread passes its clock on by @object, which it is about to release and holds as @held.
 * After an exclusive hold it replaces the lock's; after a shared one it is merged into it. */
static inline void lock_hand_on(struct detector *detector, struct thread *thread,
				struct sync_object *object, struct held_lock *held)
{
	struct clock_releaser by = memory_before_unlock(detector, thread, object);

	if (held->mode == LOCK_EXCLUSIVE) {
		store_relaxed(&object->owner, 0u); /* ordered by the guest's lock */
		if (object->stamp != thread->clocks.stamp)
			lock_give(detector, by, object, held->stack);
	} else if (object->stamp != thread->clocks.stamp) {
		lock_give_shared(detector, by, object, held->stack);
	}
	if (UNLIKELY(thread->clocks.has_recorded))
		clock_end_epoch(by);
}

/* @thread is about to release @object, which it holds as @held. */
static inline void lock_releasing(struct detector *detector, struct thread *thread,
				  struct sync_object *object, struct held_lock *held)
{
	lock_hand_on(detector, thread, object, held);
	if (LIKELY(held == thread->held.top - 1))
		held_locks_pop(&thread->held);
	else
		held_locks_remove(&thread->held, held);
}

#endif
