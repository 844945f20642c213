#include "detect/sync/handover.h"

#include "detect/base/thread.h"
#include "detect/sync/lock.h"
#include "detect/race/memory.h"

void handover_give(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct clock_releaser by = memory_before_release(detector, thread);
	struct sync_info *info = object->info;

	if (thread->ignoring_sync || !detector_lock_info(detector, info))
		return;
	clock_merge_into(&info->clock, by);
	snapshot_merge_clock(&info->extra->hand_over, &thread->clocks.hand_over,
			     &thread->memory->arena);
	object->stamp = STAMP_MIXED;
	detector_unlock_info(info);
	clock_end_epoch(by);
	clock_tick_hand_over(detector, thread);
}

void handover_take(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct clock_joiner by = memory_before_join(detector, thread);
	struct arena *arena = &thread->memory->arena;
	struct sync_info *info = object->info;
	struct vclock_snapshot *full;
	struct vclock_snapshot *hand_over;

	if (thread->ignoring_sync || !detector_lock_info(detector, info))
		return;
	full = snapshot_take(info->clock);
	hand_over = snapshot_take(info->extra->hand_over);
	detector_unlock_info(info);
	clock_join(by, full);
	vclock_join(&thread->clocks.hand_over, arena, hand_over);
	snapshot_drop(full, arena);
	snapshot_drop(hand_over, arena);
	if (detector->is_refining)
		clock_rechain(detector, thread);
}
