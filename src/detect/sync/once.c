#include "detect/sync/once.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/handover.h"
#include "detect/sync/lock.h"

void once_begun(struct detector *detector, struct thread *thread, struct sync_object *object,
		stack_id stack)
{
	if (object->stamp)
		handover_take(detector, thread, object);
	lock_acquired(detector, thread, object, LOCK_EXCLUSIVE, stack);
}

void once_finished(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct held_lock *held = held_locks_find(&thread->held, object);

	handover_give(detector, thread, object);
	if (!held)
		return;
	/* No lock_releasing(): that would replace what was handed over. */
	store_relaxed(&object->owner, 0u); /* ordered by the once's own release */
	held_locks_remove(&thread->held, held);
}

bool once_wait_begin(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack)
{
	struct wait wait = {.kind = WAIT_LOCK, .object = object, .stack = stack};

	return wait_begin(detector, thread, &wait);
}

void once_passed(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	handover_take(detector, thread, object);
}
