#include "detect/deadlock/futex.h"

#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/data/wakes.h"

bool futex_wait_begin(struct detector *detector, struct thread *thread, struct futex_wait *wait,
		      struct sync_object *futex, stack_id stack)
{
	struct wait announced = {
		.kind = WAIT_FUTEX, .object = futex, .number = wait->value, .stack = stack};

	wait->futex = futex;
	wait->generation = futex->generation;
	if (detector_lock_info(detector, futex->info)) {
		wakes_wait(futex->info);
		detector_unlock_info(futex->info);
	}
	return wait_begin(detector, thread, &announced);
}

void futex_wait_end(struct detector *detector, struct thread *thread, const struct futex_wait *wait,
		    bool is_woken)
{
	struct sync_info *info = wait->futex->info;

	wait_end(detector, thread);
	/* Its memory may have been freed meanwhile, and reused by another object. */
	if (!info || wait->generation != wait->futex->generation ||
	    !detector_lock_info(detector, info))
		return;
	wakes_end(info, is_woken);
	detector_unlock_info(info);
}

void futex_woken(struct detector *detector, struct sync_object *futex, uint32_t count)
{
	struct sync_info *info = futex->info;

	if (!info || info->kind != OBJECT_FUTEX || !detector_lock_info(detector, info))
		return;
	wakes_wake(info, count);
	detector_unlock_info(info);
}
