#include "detect/sync/barrier.h"

#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/lock.h"
#include "detect/race/memory.h"

void barrier_initialised(struct sync_object *object, uint32_t size)
{
	object->info->extra->barrier_size = size;
}

/* The last arrival makes what was gathered the clock of the departures. */
static void complete_round(struct sync_info *info, struct arena *arena)
{
	snapshot_drop(info->clock, arena);
	snapshot_drop(info->extra->hand_over, arena);
	snapshot_drop(info->extra->structural, arena);
	info->clock = info->extra->arriving[0];
	info->extra->hand_over = info->extra->arriving[1];
	info->extra->structural = info->extra->arriving_structural;
	info->extra->arriving[0] = info->extra->arriving[1] = info->extra->arriving_structural =
		NULL;
	info->extra->barrier_waiting = 0;
	info->extra->barrier_round++;
}

bool barrier_arrived(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack)
{
	struct sync_info *info = object->info;
	struct arena *arena = &thread->memory->arena;
	struct wait wait = {.kind = WAIT_BARRIER, .object = object, .stack = stack};
	struct clock_releaser by = memory_before_release(detector, thread);
	bool is_last;

	if (!detector_lock_info(detector, info))
		return wait_begin(detector, thread, &wait);
	clock_merge_into(&info->extra->arriving[0], by);
	snapshot_merge_clock(&info->extra->arriving[1], &thread->clocks.hand_over, arena);
	snapshot_merge_clock(&info->extra->arriving_structural, &thread->clocks.structural, arena);
	info->extra->barrier_waiting++;
	thread->waiting.barrier_round = info->extra->barrier_round;
	is_last = info->extra->barrier_waiting == info->extra->barrier_size;
	if (is_last)
		complete_round(info, arena);
	detector_unlock_info(info);
	clock_end_epoch(by);
	clock_tick_structural(detector, thread);
	return wait_begin(detector, thread, &wait) && !is_last;
}

void barrier_departed(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;
	struct arena *arena = &thread->memory->arena;
	struct clock_joiner by = memory_before_join(detector, thread);

	wait_end(detector, thread);
	if (!info || !detector_lock_info(detector, info))
		return;
	if (info->extra->barrier_size == 0) {
		/* Its size is not known: all that arrived so far. */
		clock_join(by, info->extra->arriving[0]);
		vclock_join(&thread->clocks.hand_over, arena, info->extra->arriving[1]);
		vclock_join(&thread->clocks.structural, arena, info->extra->arriving_structural);
	} else {
		clock_join(by, info->clock);
		vclock_join(&thread->clocks.hand_over, arena, info->extra->hand_over);
		vclock_join(&thread->clocks.structural, arena, info->extra->structural);
	}
	detector_unlock_info(info);
	clock_rechain(detector, thread);
}
