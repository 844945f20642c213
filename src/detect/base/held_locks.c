#include "detect/base/held_locks.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"

bool held_locks_reserve(struct detector *detector, struct thread *thread)
{
	struct held_locks *held = &thread->held;
	uint32_t more = held->capacity * 2;
	struct held_lock *locks =
		arena_grow(&thread->memory->arena, held->locks, held->capacity * sizeof(*locks),
			   more * sizeof(*locks));

	if (!locks) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	held->locks = locks;
	held->capacity = more;
	return true;
}

/* Out of order: the locks above move down and their chains are made anew. */
void held_locks_remove(struct held_locks *held, const struct held_lock *lock)
{
	uint64_t chain;

	if (!lock)
		return;
	chain = lock->chain_before;
	for (size_t i = (size_t)(lock - held->locks); i + 1 < held->count; i++) {
		held->locks[i] = held->locks[i + 1];
		held->locks[i].chain_before = chain;
		chain = held_locks_extend(chain, held->locks[i].object, held->locks[i].mode);
	}
	held->count--;
}

void held_locks_rehash(struct held_locks *held, uint64_t base)
{
	held->chain_base = base;
	for (uint32_t i = 0; i < held->count; i++) {
		struct held_lock *lock = &held->locks[i];

		lock->chain_before = base;
		base = held_locks_extend(base, lock->object, lock->mode);
	}
}
