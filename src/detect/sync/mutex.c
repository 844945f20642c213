#include "detect/sync/mutex.h"

#include "detect/base/held_locks.h"

void mutex_acquired_again(struct detector *detector, struct thread *thread,
			  struct sync_object *object, stack_id stack)
{
	struct held_lock *held = held_locks_find(&thread->held, object);

	if (held)
		held->recursion++;
	else
		lock_acquired(detector, thread, object, LOCK_EXCLUSIVE, stack);
}
