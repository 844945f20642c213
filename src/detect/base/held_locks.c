#include "detect/base/held_locks.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* What the hold that stands for none has: a lock that no call names. */
static struct sync_object no_lock = {.address = 1};

struct held_lock held_locks_none[1] = {{.object = &no_lock}};

void held_locks_begin(struct held_locks *held, struct held_lock *room, uint32_t capacity)
{
	room[0] = (struct held_lock){.object = &no_lock};
	held->locks = held->top = room + 1;
	held->count = 0;
	held->capacity = capacity;
}

void held_locks_end(struct held_locks *held)
{
	held_locks_begin(held, held_locks_none, 0);
}

bool held_locks_reserve(struct detector *detector, struct thread *thread)
{
	struct held_locks *held = &thread->held;
	uint32_t more = held->capacity * 2 + 2;
	struct held_lock *room =
		held->capacity ? arena_grow(&thread->memory->arena, held->locks - 1,
					    (held->capacity + 2) * sizeof(*room),
					    (more + 2) * sizeof(*room))
			       : NULL;

	if (!room) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	held->locks = room + 1;
	held->top = held->locks + held->count;
	held->capacity = more;
	return true;
}

/* Out of order: the locks above move down and their chains are made anew. */
void held_locks_remove(struct held_locks *held, const struct held_lock *lock)
{
	struct held_lock *at;

	if (!lock)
		return;
	at = &held->locks[lock - held->locks];
	for (; at + 1 < held->top; at++) {
		at[0] = at[1];
		at->chain = held_locks_extend(at[-1].chain, at->object, at->mode);
	}
	held_locks_pop(held);
}

void held_locks_rehash(struct held_locks *held, uint64_t base)
{
	held->locks[-1].chain = base;
	for (struct held_lock *at = held->locks; at < held->top; at++)
		at->chain = held_locks_extend(at[-1].chain, at->object, at->mode);
}

static bool has_id(const struct held_locks *held, lock_id lock)
{
	for (uint32_t i = 0; i < held->count; i++)
		if (held_locks_is_lock(&held->locks[i]) && held->locks[i].object->info->id == lock)
			return true;
	return false;
}

bool held_locks_is_passed_on(const struct held_locks *held, const struct held_lock *lock)
{
	const struct sync_info *info = lock->object->info;

	for (unsigned i = 0; info->kind == OBJECT_SEMAPHORE && i < SYNC_TAKEN_UNDER; i++)
		if (info->extra->taken_under[i] && !has_id(held, info->extra->taken_under[i]))
			return true;
	return false;
}
