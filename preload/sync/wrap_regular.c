/*
 * The wrappers that rows of interpose.def make.
 */
#define _GNU_SOURCE
#include "preload/sync/wrap_lock.h"

#include <pthread.h>
#include <sys/single_threaded.h>
#include <threads.h>

#include "preload/guest/export.h"

static inline bool is_robust(uintptr_t mutex)
{
	return ((const pthread_mutex_t *)mutex)->__data.__kind & LOCK_KIND_ROBUST;
}

/* A call that takes @mutex and fails has changed something: another one may fare otherwise. */
static inline bool fails_once(uintptr_t mutex)
{
	return ((const pthread_mutex_t *)mutex)->__data.__kind &
	       (LOCK_KIND_ROBUST | LOCK_KIND_PROTECTS);
}

static inline bool is_busy(uintptr_t mutex)
{
	/* relaxed: a hint, the call itself decides. */
	return load_relaxed(&((const pthread_mutex_t *)mutex)->__data.__lock);
}

/* While there is one thread it can wait only for itself.  Then the real call is
 * cheaper than the one that tries: glibc leaves out the locked instruction. */
static inline bool cannot_block(const struct lock_attempt *attempt, enum object_kind kind)
{
	return kind == OBJECT_MUTEX && __libc_single_threaded &&
	       !mutex_is_mine(attempt->self->thread, attempt->object) &&
	       !(((const pthread_mutex_t *)attempt->object->address)->__data.__kind &
		 LOCK_KIND_SHARED);
}

#define UNTIL(clock) wait_limit(clock, time)

/* The wrapper @name of a call that the thread's memo may know if @is_simple: exclusive, and without
 * a limit.  @try is the real call that then takes the lock. */
#define KNOWN(name, parameters, arguments, kind, is_simple, call, try)                             \
	static __attribute__((noinline)) int taken_##name(uintptr_t lock)                          \
	{                                                                                          \
		lock_taken(kind, call, lock, unwind_start_here());                                 \
		return 0;                                                                          \
	}                                                                                          \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		const struct guest_thread *self = guest_known;                                     \
                                                                                                   \
		if (!(is_simple) ||                                                                \
		    ((kind) == OBJECT_MUTEX && fails_once((uintptr_t)lock)) ||                     \
		    UNLIKELY(self->known_calls.try(lock) != 0))                                    \
			return slowly_##name arguments;                                            \
		if (UNLIKELY(!lock_memo_take(self, call, (uintptr_t)lock,                          \
					     __builtin_frame_address(0))))                         \
			return taken_##name((uintptr_t)lock);                                      \
		return 0;                                                                          \
	}

/* The call of a lone thread for a mutex that is free: it returns if it succeeds. */
#define TAKE_ALONE(name, arguments, kind, is_simple, call)                                         \
	do {                                                                                       \
		struct guest_thread *alone = NULL;                                                 \
                                                                                                   \
		if ((kind) == OBJECT_MUTEX && (is_simple))                                         \
			alone = lock_memo_begin_alone((uintptr_t)lock);                            \
		if (!alone || REAL(name) arguments != 0)                                           \
			break;                                                                     \
		if (UNLIKELY(!lock_memo_take_alone(alone, call, (uintptr_t)lock, &start)))         \
			lock_taken_alone(call, (uintptr_t)lock, start);                            \
		return 0;                                                                          \
	} while (0)

/*
 * An acquisition first tries, so that an uncontended one announces no wait.  If the thread's
 * memo is open, it does so at once.
 */
#define ACQUIRE(name, parameters, arguments, kind, mode, end, try, busy)                           \
	static __attribute__((noinline)) int slowly_##name parameters                              \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		struct wait_limit limit = end;                                                     \
		struct lock_attempt attempt;                                                       \
		int result;                                                                        \
                                                                                                   \
		TAKE_ALONE(name, arguments, kind, (mode) == LOCK_EXCLUSIVE && !limit.is_there,     \
			   LOCK_MEMO_ACQUIRE);                                                     \
		attempt = lock_attempt_slowly(kind, mode, !limit.is_odd, limit.is_there,           \
					      (uintptr_t)lock, start);                             \
		if (!attempt.self)                                                                 \
			return REAL(name) arguments;                                               \
		if (limit.is_odd || cannot_block(&attempt, kind))                                  \
			return lock_attempt_end(&attempt, kind, REAL(name) arguments);             \
		result = TRY_TO_ACQUIRE(name, arguments, kind, try, busy);                         \
		if (UNLIKELY(result == (busy))) {                                                  \
			attempt = lock_attempt_block(attempt);                                     \
			result = REAL(name) arguments;                                             \
			lock_attempt_unblock(attempt);                                             \
		}                                                                                  \
		return lock_attempt_end(&attempt, kind, result);                                   \
	}                                                                                          \
	KNOWN(name, parameters, arguments, kind, (mode) == LOCK_EXCLUSIVE && !(end).is_there,      \
	      LOCK_MEMO_ACQUIRE, try)

/* If a robust mutex is not recoverable, only the plain call says so; the one
 * that tries leaves it locked.  So its memory tells whether it is busy. */
#define TRY_TO_ACQUIRE(name, arguments, kind, try, busy)                                           \
	(kind == OBJECT_MUTEX && is_robust((uintptr_t)lock)                                        \
		 ? (is_busy((uintptr_t)lock) ? (busy) : REAL(name) arguments)                      \
		 : REAL(try)(lock))

#define TRY(name, parameters, kind, mode)                                                          \
	static __attribute__((noinline)) int slowly_##name parameters                              \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		struct lock_attempt attempt;                                                       \
                                                                                                   \
		TAKE_ALONE(name, (lock), kind, (mode) == LOCK_EXCLUSIVE, LOCK_MEMO_TRY);           \
		attempt = lock_attempt_slowly(kind, mode, false, false, (uintptr_t)lock, start);   \
		if (UNLIKELY(!attempt.self))                                                       \
			return REAL(name)(lock);                                                   \
		return lock_attempt_end(&attempt, kind, REAL(name)(lock));                         \
	}                                                                                          \
	KNOWN(name, parameters, (lock), kind, (mode) == LOCK_EXCLUSIVE, LOCK_MEMO_TRY, name)

#define RELEASE(name, parameters, kind)                                                            \
	static __attribute__((noinline)) int slowly_##name parameters                              \
	{                                                                                          \
		if (kind != OBJECT_MUTEX || !lock_memo_give_alone((uintptr_t)lock))                \
			lock_release(kind, (uintptr_t)lock, unwind_start_here());                  \
		return REAL(name)(lock);                                                           \
	}                                                                                          \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		const struct guest_thread *self = guest_known;                                     \
                                                                                                   \
		if (LIKELY(lock_memo_give(self, (uintptr_t)lock)))                                 \
			return self->known_calls.name(lock);                                       \
		return slowly_##name(lock);                                                        \
	}

#include "preload/sync/interpose.def"
#undef ACQUIRE
#undef UNTIL
#undef TRY
#undef RELEASE

/* --- Names that glibc exports too ---------------------------------------------- */

EXPORT_ALIAS(__pthread_mutex_lock, pthread_mutex_lock)
EXPORT_ALIAS(__pthread_mutex_trylock, pthread_mutex_trylock)
EXPORT_ALIAS(__pthread_mutex_unlock, pthread_mutex_unlock)
EXPORT_ALIAS(__pthread_rwlock_rdlock, pthread_rwlock_rdlock)
EXPORT_ALIAS(__pthread_rwlock_tryrdlock, pthread_rwlock_tryrdlock)
EXPORT_ALIAS(__pthread_rwlock_wrlock, pthread_rwlock_wrlock)
EXPORT_ALIAS(__pthread_rwlock_trywrlock, pthread_rwlock_trywrlock)
EXPORT_ALIAS(__pthread_rwlock_unlock, pthread_rwlock_unlock)
