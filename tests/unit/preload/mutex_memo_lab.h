/*
 * Thread a takes mutexes by its memo, or as in full: what the memo tells is compared.
 */
#ifndef TESTS_MUTEX_MEMO_LAB_H
#define TESTS_MUTEX_MEMO_LAB_H

#include "detect/sync/mutex.h"
#include "memo_lab.h"

/* What is to be told of the call is what a call in full would tell. */
static inline void check_hit(const struct sync_object *object, const uintptr_t *frame,
			     uint64_t before)
{
	const struct held_lock *hold = &a->held.top[-1];

	ck_assert_ptr_eq(hold->object, object);
	ck_assert_ptr_nonnull(object->info);
	ck_assert_uint_eq(hold->how, 0);
	ck_assert_uint_eq(hold->recursion, 0);
	ck_assert_uint_eq(hold->stack, stack_at(frame));
	ck_assert_uint_eq(hold->chain, held_locks_extend(before, object, LOCK_EXCLUSIVE));
	ck_assert_uint_eq(object->owner, a->id);
}

/* Is there nothing to be done but to add a hold? */
static inline bool is_plain(const struct sync_object *object, enum lock_memo_call call)
{
	uint64_t chain = held_locks_extend(held_locks_chain(&a->held), object, LOCK_EXCLUSIVE);

	return object->info && !object->owner && object->stamp == a->clocks.stamp &&
	       (call == LOCK_MEMO_TRY || !a->held.count ||
		chain_is_cached(a, chain_key(&guest_detector, chain, false)));
}

/* Thread a takes the lock.  True: its memo had the call. */
static inline bool take(unsigned number, enum lock_memo_call call, const uintptr_t *frame)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, number);
	struct unwind_start start = start_of(frame);
	uint64_t before = held_locks_chain(&a->held);
	bool may_hit = is_plain(object, call);
	stack_id stack;

	if (lock_memo_take(&self, call, object->address, frame)) {
		ck_assert(may_hit);
		check_hit(object, frame, before);
		return true;
	}
	stack = stack_at(frame);
	if (call == LOCK_MEMO_ACQUIRE)
		mutex_wanted(&guest_detector, a, object, false, stack);
	mutex_acquired(&guest_detector, a, object, stack);
	lock_memo_learn(&self, call, object->address, &start);
	return false;
}

/* Thread a releases the lock.  True: the memo had all. */
static inline bool give(unsigned number)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, number);

	if (lock_memo_give(&self, object->address)) {
		ck_assert_uint_eq(object->stamp, a->clocks.stamp);
		ck_assert(!a->clocks.has_recorded);
		ck_assert_uint_eq(object->owner, 0);
		return true;
	}
	release_mutex(a, object);
	return false;
}

#endif
