#include "detect/sync/semaphore.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/lock_order/lock_order.h"
#include "detect/life/life.h"
#include "detect/race/memory.h"
#include "detect/sync/lock.h"
#include "detect/base/report.h"
#include "detect/deadlock/waker.h"

void semaphore_initialised(struct detector *detector, struct sync_object *object, uint32_t value)
{
	(void)detector;
	object->info->extra->is_value_known = true;
	object->info->extra->value = value;
	object->info->extra->plain_count = value;
	object->info->extra->has_one_token = value == 1;
	object->info->is_not_a_lock = value != 1;
}

/* From now on tokens are handed over.  Those that are there were given by a lock, whose
 * clock has all. */
static void begin_tokens(struct detector *detector, struct sync_info *info)
{
	int64_t value;

	if (!detector_lock_info(detector, info)) {
		info->extra->is_value_known = false;
		return;
	}
	/* A wait that still takes it for a lock has been counted here, or finds it changed. */
	value = fetch_add_acq_rel(&info->extra->value, 0);
	info->extra->plain_count = value > 0 ? (uint64_t)value : 0;
	detector_unlock_info(info);
}

/* Posted by a thread that did not wait: it hands tokens over.  Its orders were
 * no lock orders, and what was found by them does not hold. */
static void stop_being_lock(struct detector *detector, struct sync_object *object)
{
	struct sync_info *info = object->info;

	runtime_lock(&detector->lock);
	if (info->is_not_a_lock) {
		runtime_unlock(&detector->lock);
		return;
	}
	info->is_not_a_lock = true;
	begin_tokens(detector, info);
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

static bool are_all_seen(const struct sync_info *info)
{
	return info->extra->is_value_known &&
	       !(info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED));
}

/* Under info->busy.  Who waits comes after the oldest token from now on. */
static void join_oldest(struct sync_info *info, struct arena *arena)
{
	struct sync_extra *extra = info->extra;
	struct vclock_snapshot *merged = snapshot_merge(info->clock, extra->tokens[0], arena);

	if (merged) {
		snapshot_drop(info->clock, arena);
		info->clock = merged;
	}
	snapshot_drop(extra->tokens[0], arena);
	extra->token_count--;
	memmove(extra->tokens, extra->tokens + 1, extra->token_count * sizeof(*extra->tokens));
}

static void give_token(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct clock_releaser by = memory_before_release(detector, thread);
	struct sync_info *info = object->info;
	struct sync_extra *extra = info->extra;
	struct arena *arena = &thread->memory->arena;

	if (!detector_lock_info(detector, info)) {
		extra->is_value_known = false;
		return;
	}
	if (extra->token_count == SYNC_TOKENS) {
		join_oldest(info, arena);
		extra->plain_count++;
	}
	extra->tokens[extra->token_count++] = thread->ignoring_sync ? NULL : clock_snapshot(by);
	snapshot_merge_clock(&extra->hand_over, &thread->clocks.hand_over, arena);
	object->stamp = STAMP_MIXED;
	detector_unlock_info(info);
	clock_end_epoch(by);
	clock_tick_hand_over(detector, thread);
}

static void take_token(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct clock_joiner by = memory_before_join(detector, thread);
	struct arena *arena = &thread->memory->arena;
	struct sync_info *info = object->info;
	struct sync_extra *extra = info->extra;
	struct vclock_snapshot *full;
	struct vclock_snapshot *hand_over;

	if (!detector_lock_info(detector, info)) {
		extra->is_value_known = false;
		return;
	}
	if (!are_all_seen(info))
		while (extra->token_count)
			join_oldest(info, arena);
	else if (extra->plain_count)
		extra->plain_count--;
	else if (extra->token_count)
		join_oldest(info, arena);
	full = snapshot_take(info->clock);
	hand_over = snapshot_take(extra->hand_over);
	detector_unlock_info(info);
	if (!thread->ignoring_sync)
		clock_join(by, full);
	vclock_join(&thread->clocks.hand_over, arena, hand_over);
	snapshot_drop(full, arena);
	snapshot_drop(hand_over, arena);
	if (detector->is_refining)
		clock_rechain(detector, thread);
}

void semaphore_taken(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack)
{
	struct sync_info *info = object->info;

	if (!info)
		return;
	life_used(detector, thread, object, ACTION_WAIT, stack);
	if (info->extra->has_one_token)
		semaphore_note_held(thread, info);
	fetch_add_acq_rel(&info->extra->value, -1);
	if (!semaphore_is_lock(info)) {
		/* If it was taken as a lock, it is none any more. */
		held_locks_remove(&thread->held, held_locks_find(&thread->held, object));
		take_token(detector, thread, object);
	} else if (!held_locks_find(&thread->held, object)) {
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
		give_token(detector, thread, object);
	}
	fetch_add_acq_rel(&info->extra->value, 1);
}
