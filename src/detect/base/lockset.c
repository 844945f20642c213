#include "detect/base/lockset.h"

#include <stddef.h>

#include "base/hash.h"
#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"

static struct lockset_lock describe_lock(const struct held_lock *held)
{
	/* acquire: pairs with begin_life(). */
	const struct sync_info *info = load_acquire(&held->object->info);
	struct lockset_lock lock = {
		.stack = held->stack,
		.mode = held->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
	};

	if (!info)
		return lock;
	lock.lock = info->id;
	lock.life = load_relaxed(&info->life); /* relaxed: looked at again */
	fence_acquire();
	/* Another thread may have ended this life; then the info may be another's. */
	if (load_relaxed(&held->object->info) != info)
		lock.lock = 0;
	return lock;
}

uint32_t lockset_note(const struct thread *thread, struct lockset_lock *locks, uint32_t most)
{
	uint32_t count = thread->held.count < most ? thread->held.count : most;
	uint32_t first = thread->held.count - count;

	for (uint32_t i = 0; i < count; i++)
		locks[i] = describe_lock(&thread->held.locks[first + i]);
	return count;
}

static uint64_t hash_set(const struct lockset *set)
{
	uint64_t hash = hash_mix((uint64_t)set->stack << 32 | set->lock_count);

	for (uint32_t i = 0; i < set->present; i++) {
		hash = hash_mix(hash ^ set->locks[i].life);
		hash = hash_mix(hash ^ ((uint64_t)set->locks[i].stack << 8 | set->locks[i].mode));
	}
	return hash;
}

/* Most stacks have one set of locks, whose number they know: a search waits for memory. */
static uint32_t intern_set(struct detector *detector, const struct lockset *set)
{
	struct stack *top = stack_depot_get(&detector->stacks, set->stack);
	struct numbered_content content = {
		.hash = hash_set(set),
		.parts = {set, set->locks},
		.bytes = {offsetof(struct lockset, locks),
			  (uint16_t)(set->present * sizeof(set->locks[0]))},
	};

	/* relaxed: a hint, which is looked at. */
	uint32_t last = top ? load_relaxed(&top->lockset) : 0;
	uint32_t number;

	if (last && numbered_is(&detector->locksets, last, &content))
		return last;
	number = top && !last ? numbered_add(&detector->locksets, &content, true)
			      : numbered_intern(&detector->locksets, &content);
	if (top && number)
		store_relaxed(&top->lockset, number);
	return number;
}

#define FEW_LOCKS 4u /* for which each place has room */

uint32_t lockset_intern(struct detector *detector, const struct thread *thread, stack_id stack)
{
	struct lockset set = {.stack = stack, .lock_count = thread->held.count};
	uint32_t id;

	set.present = lockset_note(thread, set.locks, ARRAY_LENGTH(set.locks));
	id = intern_set(detector, &set);
	if (UNLIKELY(!id && set.present > FEW_LOCKS)) {
		set.present = lockset_note(thread, set.locks, FEW_LOCKS);
		id = intern_set(detector, &set);
	}
	if (!id)
		detector_count(detector, LOST_LOCKSETS);
	return id;
}

bool lockset_read(const struct detector *detector, uint32_t id, struct lockset *set)
{
	return numbered_read(&detector->locksets, id, set, sizeof(*set));
}

static bool has_alone(const struct lockset *set, const struct lockset_lock *lock)
{
	for (uint32_t i = 0; i < set->present; i++)
		if (set->locks[i].mode == HOLD_EXCLUSIVE && set->locks[i].lock == lock->lock &&
		    set->locks[i].life == lock->life)
			return true;
	return false;
}

bool lockset_shares_lock(const struct lockset *set, const struct thread *thread)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct lockset_lock lock = describe_lock(&thread->held.locks[i]);

		if (lock.lock && lock.mode == HOLD_EXCLUSIVE && has_alone(set, &lock))
			return true;
	}
	return false;
}

bool lockset_excludes(const struct lockset *set, const struct held_lock *held)
{
	struct lockset_lock lock = describe_lock(held);

	if (set->lock_count > set->present || !lock.lock)
		return true;
	for (uint32_t i = 0; i < set->present; i++)
		if (set->locks[i].lock == lock.lock && set->locks[i].life == lock.life)
			return set->locks[i].mode == HOLD_EXCLUSIVE || lock.mode == HOLD_EXCLUSIVE;
	return false;
}

void lockset_tell(struct detector *detector, struct finding_event *event,
		  const struct lockset_lock *locks, uint32_t present, uint32_t count)
{
	event->hold_count = count;
	for (uint32_t i = 0; i < present; i++)
		event->holds[i] = (struct finding_hold){
			.lock = sync_keep(&detector->objects, locks[i].lock, locks[i].life)
					? locks[i].lock
					: 0,
			.mode = (enum hold_mode)locks[i].mode,
			.stack = locks[i].stack,
		};
}
