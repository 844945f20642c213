#define _GNU_SOURCE
#include "preload/outside/lock_memory.h"

#include <errno.h>
#include <pthread.h>
#include <sys/uio.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "preload/outside/shared_life.h"

/* glibc's private bits of pthread_mutex_t.__kind. */
#define KIND_TYPE 3
#define KIND_RECURSIVE 1
#define KIND_ERRORCHECK 2
#define KIND_PROTECTED 64
#define KIND_DESTROYED (-1)
#define OWNER_INCONSISTENT 0x7ffffffeu /* and above: of a robust mutex */

#define SPIN_FREE 1
#define READER_SHIFT 3 /* of pthread_rwlock_t.__readers; the bits below are flags */

static uint32_t mutex_attributes(const pthread_mutex_t *mutex)
{
	int kind = load_relaxed(&mutex->__data.__kind); /* relaxed: constant after init */
	uint32_t attributes = 0;

	if (kind == KIND_DESTROYED)
		return SYNC_DESTROYED;
	if ((kind & KIND_TYPE) == KIND_RECURSIVE)
		attributes |= SYNC_RECURSIVE;
	if ((kind & KIND_TYPE) == KIND_ERRORCHECK)
		attributes |= SYNC_CHECKED;
	if (kind & LOCK_KIND_ROBUST)
		attributes |= SYNC_ROBUST;
	if (kind & LOCK_KIND_SHARED)
		attributes |= SYNC_PROCESS_SHARED;
	return attributes;
}

static uint32_t rwlock_attributes(const pthread_rwlock_t *lock)
{
	uint32_t attributes = 0;

	if (lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
		attributes |= SYNC_WRITERS_FIRST;
	if (lock->__data.__shared)
		attributes |= SYNC_PROCESS_SHARED;
	return attributes;
}

static uint32_t shared_if(bool is_shared)
{
	return is_shared ? SYNC_PROCESS_SHARED : 0;
}

/* glibc's private layouts. */
struct semaphore_layout {
	uint64_t value;
	int shared;
};

struct barrier_layout {
	uint32_t in, round, count;
	int shared;
};

/* In pthread_cond_t.__wrefs. */
#define CONDITION_SHARED 1
#define CONDITION_DESTROYED 4

static uint32_t condition_attributes(const pthread_cond_t *condition)
{
	/* relaxed: set when it was initialised or destroyed. */
	unsigned flags = load_relaxed(&condition->__data.__wrefs);

	return shared_if(flags & CONDITION_SHARED) |
	       (flags & CONDITION_DESTROYED ? SYNC_DESTROYED : 0);
}

uint32_t lock_barrier_size(uintptr_t address)
{
	return ((const struct barrier_layout *)address)->count;
}

uint32_t lock_attributes(enum object_kind kind, uintptr_t address)
{
	switch (kind) {
	case OBJECT_MUTEX:
		return mutex_attributes((const pthread_mutex_t *)address);
	case OBJECT_RWLOCK:
		return rwlock_attributes((const pthread_rwlock_t *)address);
	case OBJECT_CONDITION:
		return condition_attributes((const pthread_cond_t *)address);
	case OBJECT_SEMAPHORE:
		return shared_if(((const struct semaphore_layout *)address)->shared);
	case OBJECT_BARRIER:
		return shared_if(((const struct barrier_layout *)address)->shared);
	case OBJECT_STREAM:
		return SYNC_RECURSIVE;
	case OBJECT_SPIN:
	case OBJECT_ONCE:
	case OBJECT_THREAD:
	case OBJECT_FILE_LOCK:
	case OBJECT_CHANNEL:
	case OBJECT_FUTEX:
	case OBJECT_OWN:
	case OBJECT_KIND_COUNT:
		break;
	}
	return 0;
}

static enum real_state state_of_owner(bool is_held, uint32_t owner)
{
	if (!is_held)
		return REAL_FREE;
	if (owner == (uint32_t)kernel_call0(SYS_gettid))
		return REAL_HELD_BY_CALLER;
	return owner ? REAL_HELD_BY_OTHER : REAL_HELD;
}

/* relaxed below: asked when our state disagrees, and decides only if it is stable. */
static enum real_state mutex_state(const pthread_mutex_t *mutex)
{
	uint32_t owner = (uint32_t)load_relaxed(&mutex->__data.__owner);

	/* A robust mutex that is inconsistent or not recoverable. */
	if (owner >= OWNER_INCONSISTENT)
		return REAL_UNKNOWN;
	/* A mutex with a priority ceiling has the ceiling in its lock word. */
	if (load_relaxed(&mutex->__data.__kind) & KIND_PROTECTED)
		return state_of_owner(owner != 0, owner);
	return state_of_owner(load_relaxed(&mutex->__data.__lock) != 0, owner);
}

static enum real_state rwlock_state(const pthread_rwlock_t *lock)
{
	uint32_t writer = (uint32_t)load_relaxed(&lock->__data.__cur_writer);
	bool is_read = load_relaxed(&lock->__data.__readers) >> READER_SHIFT;

	return writer ? state_of_owner(true, writer) : is_read ? REAL_HELD : REAL_FREE;
}

enum real_state lock_real_state(const struct sync_object *object)
{
	enum object_kind kind = object->info ? object->info->kind : OBJECT_MUTEX;

	if (kind == OBJECT_MUTEX)
		return mutex_state((const pthread_mutex_t *)object->address);
	if (kind == OBJECT_RWLOCK)
		return rwlock_state((const pthread_rwlock_t *)object->address);
	if (kind == OBJECT_SPIN)
		return load_relaxed((const int *)object->address) == SPIN_FREE ? REAL_FREE
									       : REAL_HELD;
	return REAL_UNKNOWN;
}

bool lock_read_word(const int *address, uint32_t *word)
{
	struct iovec to = {word, sizeof(*word)};
	struct iovec from = {(void *)(uintptr_t)address, sizeof(*word)};
	long result = kernel_call6(SYS_process_vm_readv, kernel_call0(SYS_getpid), (long)&to, 1,
				   (long)&from, 1, 0);

	if (result == -EFAULT)
		return false;
	if (result != (long)sizeof(*word))
		*word = (uint32_t)load_relaxed(address); /* relaxed: its holder is blocked */
	return true;
}

/* Locks that were held over a fork still have the kernel's id of the parent thread. */
static bool is_known_as(const struct thread *thread, uint32_t kernel_id)
{
	return kernel_id == thread->kernel_id ||
	       (kernel_id && kernel_id == thread->kernel_id_before_fork);
}

bool lock_may_hold(struct detector *detector, const struct thread *thread,
		   const struct sync_object *object)
{
	const struct sync_info *info = object->info;
	uint32_t owner;

	(void)detector;
	/* close() unlocks a file, too, which is not observed: ask the kernel. */
	if (info && info->kind == OBJECT_FILE_LOCK)
		return shared_file_is_locked_by(shared_file_key(object->address),
						(uint32_t)kernel_call0(SYS_getpid));
	if (info && info->kind == OBJECT_MUTEX)
		return lock_read_word(&((const pthread_mutex_t *)object->address)->__data.__owner,
				      &owner) &&
		       is_known_as(thread, owner);
	if (info && info->kind == OBJECT_RWLOCK)
		return lock_read_word(
			       &((const pthread_rwlock_t *)object->address)->__data.__cur_writer,
			       &owner) &&
		       is_known_as(thread, owner);
	return true;
}

bool lock_is_destroyed_mutex(const struct sync_object *object)
{
	const pthread_mutex_t *mutex = (const pthread_mutex_t *)object->address;

	return (!object->info || object->info->kind == OBJECT_MUTEX) &&
	       load_relaxed(&mutex->__data.__kind) == KIND_DESTROYED;
}
