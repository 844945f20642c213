#include "detect/sync/semaphore.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/lock_order/lock_order.h"
#include "detect/sync/handover.h"
#include "detect/life/life.h"
#include "detect/sync/lock.h"
#include "detect/base/report.h"
#include "detect/deadlock/waker.h"

void semaphore_initialised(struct detector *detector, struct sync_object *object, uint32_t value)
{
	(void)detector;
	object->info->extra->is_value_known = true;
	object->info->extra->value = value;
	object->info->is_not_a_lock = value != 1;
}

/* Posted by a thread that did not wait: it hands tokens over.  Its orders were
 * no lock orders, and what was found by them does not hold. */
static void stop_being_lock(struct detector *detector, struct sync_object *object)
{
	struct sync_info *info = object->info;

	runtime_lock(&detector->lock);
	info->is_not_a_lock = true;
	if (info->is_in_order)
		lock_order_remove(detector->order, info->id);
	for (unsigned i = 0; i < SYNC_PROVISIONAL; i++)
		if (info->extra->provisional[i])
			report_retract(detector, info->extra->provisional[i]);
	runtime_unlock(&detector->lock);
	store_relaxed(&object->owner, 0u); /* a mark of when it was a lock */
}

void semaphore_wanted(struct detector *detector, struct thread *thread, struct sync_object *object,
		      bool is_timed, stack_id stack)
{
	if (semaphore_is_lock(object->info) && !held_locks_find(&thread->held, object))
		lock_wanted(detector, thread, object, LOCK_EXCLUSIVE, is_timed, stack);
}

bool semaphore_wait_begin(struct detector *detector, struct thread *thread,
			  struct sync_object *object, bool is_timed, stack_id stack)
{
	struct wait wait = {
		.kind = WAIT_TOKEN, .is_timed = is_timed, .object = object, .stack = stack};

	life_used(detector, thread, object, ACTION_WAIT, stack);
	waker_waits(detector, thread, object, NULL, stack);
	return wait_begin(detector, thread, &wait);
}

void semaphore_taken(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack)
{
	struct sync_info *info = object->info;

	if (!info)
		return;
	life_used(detector, thread, object, ACTION_WAIT, stack);
	fetch_add_acq_rel(&info->extra->value, -1);
	if (!semaphore_is_lock(info)) {
		/* If it was taken as a lock, it is none any more. */
		held_locks_remove(&thread->held, held_locks_find(&thread->held, object));
		handover_take(detector, thread, object);
	} else if (!held_locks_find(&thread->held, object)) {
		semaphore_note_held(thread, info);
		lock_acquired(detector, thread, object, LOCK_EXCLUSIVE, stack);
	}
}

void semaphore_posted(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack)
{
	struct sync_info *info = object->info;
	struct held_lock *held = held_locks_find(&thread->held, object);

	if (!info)
		return;
	life_used(detector, thread, object, ACTION_SIGNAL, stack);
	waker_signals(detector, thread, object, stack);
	if (!held && semaphore_is_lock(info))
		stop_being_lock(detector, object);
	if (semaphore_is_lock(info)) {
		lock_releasing(detector, thread, object, held);
		info->extra->has_been_unlocked = true;
	} else {
		held_locks_remove(&thread->held, held_locks_find(&thread->held, object));
		handover_give(detector, thread, object);
	}
	fetch_add_acq_rel(&info->extra->value, 1);
}
