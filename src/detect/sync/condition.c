#include "detect/sync/condition.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait.h"
#include "detect/data/wakes.h"
#include "detect/sync/handover.h"
#include "detect/life/life.h"
#include "detect/predicate/predicate.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/waker.h"

static void give_mutex_up(struct detector *detector, struct thread *thread,
			  struct condition_wait *wait)
{
	struct held_lock *held = held_locks_find(&thread->held, wait->mutex);

	/* Of a recursive mutex that is held more than once, glibc gives up one:
	 * it stays held. */
	wait->was_held = held && !held->recursion;
	if (!wait->was_held)
		return;
	wait->held = *held;
	lock_releasing(detector, thread, wait->mutex, held);
}

static void note_mutex(struct sync_extra *extra, struct sync_object *mutex)
{
	if (!extra->waiter_count)
		extra->has_two_mutexes = false;
	else if (extra->condition_mutex != mutex)
		extra->has_two_mutexes = true;
	extra->condition_mutex = mutex;
}

bool condition_wait_begin(struct detector *detector, struct thread *thread,
			  struct condition_wait *wait, bool is_timed)
{
	struct sync_info *info = wait->condition->info;
	struct wait announced = {
		.kind = WAIT_CONDITION,
		.is_timed = is_timed,
		.object = wait->condition,
		.mutex = wait->mutex,
		.stack = wait->stack,
	};

	wait->generation = wait->condition->generation;
	life_used(detector, thread, wait->condition, ACTION_WAIT, wait->stack);
	waker_waits(detector, thread, wait->condition, wait->mutex, wait->stack);
	if (detector_lock_info(detector, info)) {
		note_mutex(info->extra, wait->mutex);
		wakes_wait(info);
		detector_unlock_info(info);
	}
	predicate_wait(detector, thread, wait->condition, wait->stack);
	give_mutex_up(detector, thread, wait);
	if (held_locks_find(&thread->held, wait->mutex))
		announced.mutex = NULL; /* not needed back */
	return wait_begin(detector, thread, &announced);
}

void condition_wait_end(struct detector *detector, struct thread *thread,
			const struct condition_wait *wait, bool is_woken)
{
	struct sync_info *info = wait->condition->info;
	bool is_alive = wait->generation == wait->condition->generation;

	wait_end(detector, thread);
	/* It may have been destroyed meanwhile, and its place be another's. */
	if (is_alive && detector_lock_info(detector, info)) {
		wakes_end(info, is_woken);
		if (info->extra->sure_count)
			info->extra->sure_count--;
		if (is_woken)
			info->extra->idle_signaller = 0;
		detector_unlock_info(info);
	}
	if (is_woken && is_alive)
		handover_take(detector, thread, wait->condition);
	predicate_wait_ended(thread, is_woken && wait->was_held);
	if (!wait->was_held)
		return;
	lock_acquired(detector, thread, wait->mutex, LOCK_EXCLUSIVE, wait->held.stack);
}

/*
 * May a signal of @thread end a wait, as far as is known?  Not if signals that it made
 * before have woken all who wait.  Those made with the mutex of the waits held surely
 * have: the waits had begun then, as each gives the mutex up.  Other signals may have come
 * before, and those of other threads may come after this one.  The waiters of other
 * processes are not known.
 */
static bool may_end_a_wait(struct thread *thread, struct sync_info *info, bool is_broadcast)
{
	struct sync_extra *extra = info->extra;
	bool is_by_same = extra->sure_waker == thread->id;
	uint32_t asleep = extra->waiter_count - (is_by_same ? extra->sure_count : 0);

	if (!extra->has_two_mutexes && !(info->attributes & SYNC_PROCESS_SHARED) &&
	    held_locks_find(&thread->held, extra->condition_mutex)) {
		extra->sure_waker = thread->id;
		extra->sure_count = extra->waiter_count;
		if (asleep && !is_broadcast)
			extra->sure_count -= asleep - 1;
	}
	return asleep;
}

void condition_signalled(struct detector *detector, struct thread *thread,
			 struct sync_object *condition, bool is_broadcast, stack_id stack)
{
	struct sync_info *info = condition->info;
	bool has_waiters, may_end;

	life_used(detector, thread, condition, ACTION_SIGNAL, stack);
	waker_signals(detector, thread, condition, stack);
	if (!detector_lock_info(detector, info))
		return;
	has_waiters = info->extra->waiter_count;
	if (!has_waiters) {
		info->extra->idle_signaller = thread->id;
		info->extra->idle_stack = stack;
		thread->is_referenced = true;
	}
	wakes_wake(info, is_broadcast ? UINT32_MAX : 1);
	may_end = may_end_a_wait(thread, info, is_broadcast);
	detector_unlock_info(info);
	if (may_end)
		handover_give(detector, thread, condition);
}
