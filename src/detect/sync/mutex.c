#include "detect/sync/mutex.h"

#include "detect/base/held_locks.h"

void mutex_acquired_owned(struct detector *detector, struct thread *thread,
			  struct sync_object *object, stack_id stack)
{
	struct held_lock *held = mutex_is_mine(thread, object)
					 ? held_locks_find(&thread->held, object)
					 : NULL;

	if (held)
		held_locks_repeat(held);
	else
		lock_acquired(detector, thread, object, LOCK_EXCLUSIVE, stack);
}
