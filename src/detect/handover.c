#include "detect/handover.h"

#include "detect/lock.h"

static void merge_into(struct vclock_snapshot **into, struct vclock *clock, struct thread *thread)
{
	struct arena *arena = &thread->memory->arena;
	struct vclock_snapshot *given = vclock_snapshot(clock, arena);
	struct vclock_snapshot *merged = snapshot_merge(*into, given, arena);

	snapshot_drop(given, arena);
	if (!merged)
		return;
	snapshot_drop(*into, arena);
	*into = merged;
}

void handover_give(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;

	if (!info || !detector_lock_info(detector, info))
		return;
	merge_into(&info->clock, &thread->clock, thread);
	merge_into(&info->extra->hand_over, &thread->hand_over, thread);
	object->stamp = STAMP_MIXED;
	detector_unlock_info(info);
	thread_tick_recorded(thread);
	thread_tick_hand_over(detector, thread);
}

void handover_take(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;

	if (!info || !detector_lock_info(detector, info))
		return;
	thread_join_clock(thread, info->clock);
	vclock_join(&thread->hand_over, &thread->memory->arena, info->extra->hand_over);
	detector_unlock_info(info);
	if (detector->is_refining)
		thread_rechain(detector, thread);
}
