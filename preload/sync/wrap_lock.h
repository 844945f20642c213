/*
 * The steps around a real lock call, from which its wrapper is made.
 *
 * An acquisition is announced before the real call and recorded after it; a
 * release is recorded before it.
 */
#ifndef PRELOAD_SYNC_WRAP_LOCK_H
#define PRELOAD_SYNC_WRAP_LOCK_H

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/misuse.h"
#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"
#include "preload/guest/guest.h"
#include "preload/outside/lock_memory.h"
#include "preload/outside/shared_homes.h"
#include "preload/guest/real.h"
#include "preload/sync/lock_memo.h"

/* How long a call waits.  The C library refuses clocks that it does not wait by and
 * nanoseconds out of range, some calls before they look at the object: with what it
 * may refuse nothing is tried first. */
struct wait_limit {
	bool is_there, is_odd;
};

#define NO_LIMIT ((struct wait_limit){false, false})

static inline struct wait_limit wait_limit(clockid_t clock, const struct timespec *end)
{
	bool is_known = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;

	return (struct wait_limit){
		.is_there = true,
		.is_odd = !is_known || !end || end->tv_nsec < 0 || end->tv_nsec >= 1000000000,
	};
}

/* A lock call in progress. */
struct lock_attempt {
	struct guest_thread *self; /* NULL: it is not observed */
	struct sync_object *object;
	stack_id stack;
	enum lock_mode mode;
	bool is_timed;
	bool is_announced;
};

/* Begins the life of the object at @address, with the attributes that its
 * memory says.  NULL without memory. */
struct sync_object *lock_object_begin(struct guest_thread *self, enum object_kind kind,
				      uintptr_t address, stack_id stack);

/* The same by the call that initialises it. */
struct sync_object *lock_object_make(struct guest_thread *self, enum object_kind kind,
				     uintptr_t address, stack_id stack);

/* Before and after the real call that initialises the object at @address. */
void lock_note_initialising(enum object_kind kind, uintptr_t address,
			    const struct unwind_start *start);
void lock_note_init(enum object_kind kind, uintptr_t address, const struct unwind_start *start);

/* Before the real call that destroys it.  True: its life ends, which is to be told by the
 * other function, before the call or after it. */
bool lock_note_destroying(enum object_kind kind, uintptr_t address,
			  const struct unwind_start *start);
void lock_note_end(enum object_kind kind, uintptr_t address);

/* Is @object alive, as one of @kind?  Mutexes have no special state, so any
 * life is right for them: that saves an access to the cold part. */
static inline __attribute__((always_inline)) bool lock_is_kind(const struct sync_object *object,
							       enum object_kind kind)
{
	const struct sync_info *info = object->info;

	return info && (kind == OBJECT_MUTEX || kind == OBJECT_SPIN || info->kind == kind);
}

static inline __attribute__((always_inline)) struct sync_object *
lock_object(struct guest_thread *self, enum object_kind kind, uintptr_t address, stack_id stack)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);

	if (LIKELY(object && lock_is_kind(object, kind)))
		return object;
	return lock_object_begin(self, kind, address, stack);
}

/* The same, and the stack of the call: of a lone thread that may be its site alone, but not
 * where the object's life begins. */
static inline __attribute__((always_inline)) struct sync_object *
lock_object_of_call(struct guest_thread *self, enum object_kind kind, uintptr_t address,
		    const struct unwind_start *start, stack_id *stack)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);

	*stack = guest_lock_stack(self, start);
	if (LIKELY(object && lock_is_kind(object, kind)))
		return object;
	if (guest_wants_site_only(self))
		*stack = guest_stack(self, start);
	return lock_object_begin(self, kind, address, *stack);
}

/* The object of @kind at @address, which may have no life; NULL if it never had one. */
static inline struct sync_object *lock_known(enum object_kind kind, uintptr_t address)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);

	/* relaxed: who may name an address of it comes after whoever has begun it. */
	if (LIKELY(object && object->info) || LIKELY(!load_relaxed(&shared_homes_are_used)))
		return object;
	address = shared_home(kind, address, lock_attributes(kind, address));
	return sync_find(&guest_detector.objects, address);
}

/* Publishes the calling thread's wait, lowers the guard, and acts on a deadlock. */
void lock_wait_announced(struct guest_thread *self, bool is_deadlocked);
/* Withdraws it and lowers the guard. */
void lock_wait_ended(struct guest_thread *self);

/* The slow paths of an attempt.  They take copies, so that the usual
 * path can keep all in registers. */
struct lock_attempt lock_attempt_block(struct lock_attempt attempt);
void lock_attempt_unblock(struct lock_attempt attempt);
/* The call did not return 0. */
void lock_attempt_unusual(struct lock_attempt attempt, int result);

/* Announces the call.  False: it is not observed, make only the real call. */
static inline __attribute__((always_inline)) bool
lock_attempt_begin(struct lock_attempt *attempt, enum object_kind kind, enum lock_mode mode,
		   bool can_block, bool is_timed, uintptr_t address,
		   const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();

	/* The real call will need it. */
	__builtin_prefetch((const void *)address, 1);
	attempt->self = self;
	if (UNLIKELY(!self))
		return false;
	attempt->object = lock_object_of_call(self, kind, address, start, &attempt->stack);
	attempt->is_timed = is_timed;
	if (UNLIKELY(!attempt->object)) {
		guest_leave(self);
		return false;
	}
	if (kind == OBJECT_RWLOCK && mode == LOCK_SHARED)
		mode = rwlock_read_mode(attempt->object);
	attempt->mode = mode;
	if (can_block && kind == OBJECT_RWLOCK)
		rwlock_wanted(&guest_detector, self->thread, attempt->object, mode, is_timed,
			      attempt->stack);
	else if (can_block)
		mutex_wanted(&guest_detector, self->thread, attempt->object, is_timed,
			     attempt->stack);
	guest_leave(self);
	return true;
}

/* The same, out of line.  No 'self': it is not observed. */
struct lock_attempt lock_attempt_slowly(enum object_kind kind, enum lock_mode mode, bool can_block,
					bool is_timed, uintptr_t address,
					struct unwind_start start);

/* Records an exclusive acquisition that was not in the thread's memo, after it. */
void lock_taken(enum object_kind kind, enum lock_memo_call call, uintptr_t address,
		struct unwind_start start);

/* The same of a mutex that a lone thread has taken (lock_memo.h). */
void lock_taken_alone(enum lock_memo_call call, uintptr_t address, struct unwind_start start);

/* Records the result of the call, and returns it. */
static inline __attribute__((always_inline)) int
lock_attempt_end(struct lock_attempt *attempt, enum object_kind kind, int result)
{
	struct guest_thread *self = attempt->self;

	if (UNLIKELY(result != 0)) {
		lock_attempt_unusual(*attempt, result);
		if (result != EOWNERDEAD)
			return result;
	}
	guest_raise(self);
	if (kind == OBJECT_RWLOCK)
		rwlock_acquired(&guest_detector, self->thread, attempt->object, attempt->mode,
				attempt->stack);
	else
		mutex_acquired(&guest_detector, self->thread, attempt->object, attempt->stack);
	guest_leave(self);
	return result;
}

/* Records the release that is to come. */
void lock_release(enum object_kind kind, uintptr_t address, struct unwind_start start);

#endif
