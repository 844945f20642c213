#include "detect/sync/mutex.h"

#include "detect/base/held_locks.h"

void mutex_acquired_owned(struct detector *detector, struct thread *thread,
			  struct sync_object *object, stack_id stack)
{
	struct held_lock *held = mutex_is_mine(thread, object)
					 ? held_locks_find(&thread->held, object)
					 : NULL;
	bool others_release = object->info && object->info->attributes & SYNC_OTHERS_RELEASE;

	if (held && others_release) {
		held->stack = stack;
		lock_acquire_clock(detector, thread, object, LOCK_EXCLUSIVE);
	} else if (held) {
		held_locks_repeat(held);
	} else if (others_release) {
		lock_acquired_free(detector, thread, object, LOCK_EXCLUSIVE, stack);
	} else {
		lock_acquired(detector, thread, object, LOCK_EXCLUSIVE, stack);
	}
}

void mutex_releasing_unheld(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack, enum real_state real)
{
	struct clock_releaser by;

	misuse_released(detector, thread, object, stack, real);
	if (real != REAL_HELD_BY_OTHER || !object->info || object->info->kind != OBJECT_MUTEX ||
	    misuse_is_refused(object))
		return;
	by = memory_before_unlock(detector, thread, object);
	fetch_or_acq_rel(&object->info->attributes, SYNC_OTHERS_RELEASE);
	lock_give(detector, by, object, stack);
	clock_end_epoch(by);
}
