#include "detect/sync/barrier.h"

#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/life/life.h"
#include "detect/sync/lock.h"
#include "detect/race/memory.h"

#define SLEEPS 48u /* some 50 ms: spin_wait() */

struct runtime_lock barriers_lock LOCKED_AROUND_FORKS;

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
	struct clock_releaser by;
	bool is_last;

	if (!info)
		return false;
	/* relaxed: a thread that ends the barrier comes after all arrivals. */
	fetch_add_relaxed(&info->extra->barrier_departing, 1u);
	life_used(detector, thread, object, ACTION_WAIT, stack);
	by = memory_before_release(detector, thread);
	runtime_lock(&barriers_lock);
	if (!thread->ignoring_sync)
		clock_merge_into(&info->extra->arriving[0], by);
	snapshot_merge_clock(&info->extra->arriving[1], &thread->clocks.hand_over, arena);
	snapshot_merge_clock(&info->extra->arriving_structural, &thread->clocks.structural, arena);
	info->extra->barrier_waiting++;
	thread->waiting.barrier_round = info->extra->barrier_round;
	is_last = info->extra->barrier_waiting == info->extra->barrier_size;
	if (is_last)
		complete_round(info, arena);
	runtime_unlock(&barriers_lock);
	clock_end_epoch(by);
	clock_tick_structural(detector, thread);
	return wait_begin(detector, thread, &wait) && !is_last;
}

/* What a departure learns. */
struct learnt {
	struct vclock_snapshot *full;
	struct vclock_snapshot *hand_over;
	struct vclock_snapshot *structural;
};

static struct learnt take_learnt(struct detector *detector, struct sync_info *info)
{
	const struct sync_extra *extra = info->extra;
	/* Its size is not known: all that arrived so far. */
	bool is_arriving = extra->barrier_size == 0;
	struct learnt learnt = {0};

	if (!detector_lock_info(detector, info))
		return learnt;
	learnt = (struct learnt){
		.full = snapshot_take(is_arriving ? extra->arriving[0] : info->clock),
		.hand_over = snapshot_take(is_arriving ? extra->arriving[1] : extra->hand_over),
		.structural =
			snapshot_take(is_arriving ? extra->arriving_structural : extra->structural),
	};
	detector_unlock_info(info);
	return learnt;
}

void barrier_departed(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct sync_info *info = object->info;
	struct arena *arena = &thread->memory->arena;
	struct clock_joiner by = memory_before_join(detector, thread);
	struct learnt learnt;

	wait_end(detector, thread);
	if (!info || info->kind != OBJECT_BARRIER)
		return;
	runtime_lock(&barriers_lock);
	learnt = take_learnt(detector, info);
	runtime_unlock(&barriers_lock);
	/* release: pairs with barrier_ends(). */
	fetch_add_acq_rel(&info->extra->barrier_departing, -1u);
	if (!thread->ignoring_sync)
		clock_join(by, learnt.full);
	vclock_join(&thread->clocks.hand_over, arena, learnt.hand_over);
	vclock_join(&thread->clocks.structural, arena, learnt.structural);
	snapshot_drop(learnt.full, arena);
	snapshot_drop(learnt.hand_over, arena);
	snapshot_drop(learnt.structural, arena);
	clock_rechain(detector, thread);
}

void barrier_ends(const struct sync_object *object)
{
	const struct sync_info *info = object->info;

	if (!info || info->kind != OBJECT_BARRIER)
		return;
	/* acquire: pairs with barrier_departed(). */
	for (unsigned tries = 0; tries < SPIN_PAUSES + SLEEPS; tries++) {
		if (!load_acquire(&info->extra->barrier_departing))
			return;
		spin_wait(tries);
	}
}
