#include "detect/sync/handover.h"

#include "detect/base/clock.h"
#include "detect/sync/lock.h"
#include "detect/race/update.h"

void handover_give(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;

	if (thread->pending_atomic)
		atomic_catch_up(detector, thread);
	if (thread->basis_count)
		update_learn(detector, thread);
	if (!info || !detector_lock_info(detector, info))
		return;
	snapshot_merge_clock(&info->clock, &thread->clock, &thread->memory->arena);
	snapshot_merge_clock(&info->extra->hand_over, &thread->hand_over, &thread->memory->arena);
	object->stamp = STAMP_MIXED;
	detector_unlock_info(info);
	clock_end_epoch(thread);
	clock_tick_hand_over(detector, thread);
}

void handover_take(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;

	if (!info || !detector_lock_info(detector, info))
		return;
	clock_join(thread, info->clock);
	vclock_join(&thread->hand_over, &thread->memory->arena, info->extra->hand_over);
	detector_unlock_info(info);
	if (detector->is_refining)
		clock_rechain(detector, thread);
}
