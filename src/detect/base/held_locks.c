#include "detect/base/held_locks.h"

bool held_locks_reserve(struct detector *detector, struct thread *thread)
{
	uint32_t more = thread->held_capacity * 2;
	struct held_lock *held =
		arena_grow(&thread->memory->arena, thread->held,
			   thread->held_capacity * sizeof(*held), more * sizeof(*held));

	if (!held) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	thread->held = held;
	thread->held_capacity = more;
	return true;
}

/* Out of order: the locks above move down and their chains are made anew. */
void held_locks_remove(struct thread *thread, uint32_t index)
{
	uint64_t chain = thread->held[index].chain_before;

	for (uint32_t i = index; i + 1 < thread->held_count; i++) {
		thread->held[i] = thread->held[i + 1];
		thread->held[i].chain_before = chain;
		chain = held_locks_extend(chain, thread->held[i].object, thread->held[i].mode);
	}
	thread->held_count--;
	thread->chain = chain;
}

void held_locks_rehash(struct thread *thread, uint64_t base)
{
	thread->chain_base = base;
	thread->chain = base;
	for (uint32_t i = 0; i < thread->held_count; i++) {
		struct held_lock *held = &thread->held[i];

		held->chain_before = thread->chain;
		thread->chain = held_locks_extend(thread->chain, held->object, held->mode);
	}
}
