#include "detect/base/lockset.h"

#include "base/hash.h"
#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"

#define BUCKETS (1u << 16) /* no more: they are searched without a lock */

void lockset_table_init(struct lockset_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->most = LOCKSETS_MOST;
}

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

static uint64_t hash_set(const struct lockset *key, const struct lockset_lock *locks)
{
	uint64_t hash = hash_mix((uint64_t)key->stack << 32 | key->lock_count);

	for (uint32_t i = 0; i < key->present; i++) {
		hash = hash_mix(hash ^ locks[i].life);
		hash = hash_mix(hash ^ ((uint64_t)locks[i].stack << 8 | locks[i].mode));
	}
	return hash;
}

static bool is_same(const struct lockset *set, const struct lockset *key,
		    const struct lockset_lock *locks)
{
	if (set->hash != key->hash || set->stack != key->stack ||
	    set->lock_count != key->lock_count || set->present != key->present)
		return false;
	for (uint32_t i = 0; i < set->present; i++) {
		const struct lockset_lock *one = &set->locks[i];
		const struct lockset_lock *other = &locks[i];

		if (one->lock != other->lock || one->life != other->life ||
		    one->stack != other->stack || one->mode != other->mode)
			return false;
	}
	return true;
}

static uint32_t find_set(const struct lockset_table *table, const struct lockset *key,
			 const struct lockset_lock *locks)
{
	const struct lockset *set = intern_first(&table->by_locks, key->hash);

	while (set && !is_same(set, key, locks))
		set = intern_next(set);
	return set ? set->id : 0;
}

/* Under table->busy. */
static uint32_t add_set(struct lockset_table *table, const struct lockset *key,
			const struct lockset_lock *locks)
{
	uint32_t id = table->sets.last + 1;
	struct lockset *set;

	if (id > table->most && key->lock_count != LOCKSET_UNKNOWN)
		return 0;
	set = arena_alloc(&table->arena, sizeof(*set) + key->present * sizeof(*locks));
	if (!set)
		return 0;
	*set = *key;
	set->id = id;
	for (uint32_t i = 0; i < key->present; i++)
		set->locks[i] = locks[i];
	if (!id_table_set(&table->sets, &table->arena, id, set))
		return 0;
	intern_add(&table->by_locks, set, key->hash);
	return id;
}

static uint32_t intern_set(struct lockset_table *table, const struct lockset *key,
			   const struct lockset_lock *locks)
{
	uint32_t id = find_set(table, key, locks);

	if (LIKELY(id) || !spin_lock(&table->busy))
		return id;
	id = find_set(table, key, locks);
	if (!id && intern_begin(&table->by_locks, &table->arena, BUCKETS))
		id = add_set(table, key, locks);
	spin_unlock(&table->busy);
	return id;
}

uint32_t lockset_intern(struct detector *detector, const struct thread *thread, stack_id stack)
{
	struct lockset_lock locks[FINDING_HOLD_MAX];
	struct lockset key = {.stack = stack, .lock_count = thread->held.count};
	uint32_t id;

	key.present = lockset_note(thread, locks, ARRAY_LENGTH(locks));
	key.hash = hash_set(&key, locks);
	id = intern_set(&detector->locksets, &key, locks);
	if (LIKELY(id))
		return id;
	detector_count(detector, LOST_LOCKSETS);
	key = (struct lockset){.stack = stack, .lock_count = LOCKSET_UNKNOWN};
	key.hash = hash_set(&key, locks);
	return intern_set(&detector->locksets, &key, locks);
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

	if (set->lock_count == LOCKSET_UNKNOWN || set->lock_count > set->present || !lock.lock)
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
			.mode = locks[i].mode,
			.stack = locks[i].stack,
		};
}
