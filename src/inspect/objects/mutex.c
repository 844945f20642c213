/*
 * struct __pthread_mutex_s: the word of the lock, how often it is held, its owner's thread
 * id, the number of users, the kind.  A robust or inheriting mutex has the owner in
 * the word, too, since the kernel reads it there.
 */
#include "inspect/objects/wait.h"

#define KIND_ROBUST 0x10
#define KIND_INHERITS 0x20
#define KIND_PROTECTS 0x40
#define KIND_SHARED 0x80
#define KIND_ELISION 0x300
#define KIND_TYPE 0x03
#define TYPE_RECURSIVE 1
#define OWNER_BITS 0x3fffffffu

struct mutex {
	uint32_t word;
	uint32_t count;
	uint32_t owner;
	uint32_t user_count;
	int32_t kind;
};

bool mutex_read(struct target *target, uint64_t address, struct lock_state *state)
{
	struct mutex mutex;
	int32_t known = KIND_TYPE | KIND_ROBUST | KIND_INHERITS | KIND_PROTECTS | KIND_SHARED |
			KIND_ELISION;

	*state = (struct lock_state){0};
	if (!target_read(target, address, &mutex, sizeof(mutex)) || mutex.kind & ~known)
		return false;
	state->is_held = mutex.word != 0;
	state->holder =
		mutex.kind & (KIND_ROBUST | KIND_INHERITS) ? mutex.word & OWNER_BITS : mutex.owner;
	state->flags |= mutex.kind & KIND_SHARED ? LOCK_IS_PROCESS_SHARED : 0;
	state->flags |= mutex.kind & KIND_ROBUST ? LOCK_IS_ROBUST : 0;
	state->flags |= (mutex.kind & KIND_TYPE) == TYPE_RECURSIVE ? LOCK_IS_RECURSIVE : 0;
	if (!state->is_held)
		state->holder = 0;
	return true;
}

bool wait_for_mutex(const struct wait_question *question, struct wait *wait)
{
	wait->object = question->futex;
	return mutex_read(question->target, question->futex, &wait->state);
}
