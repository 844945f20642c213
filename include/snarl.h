/*
 * Annotations for programs that snarl watches: locks of the program's own, and what orders
 * threads where no tool can see it, as in a queue made of system calls or devices.
 *
 * Nothing is to be linked.  Where snarl is not there an annotation is a test of a pointer.
 * Code that uses them must be position-independent, as compilers make it by default.
 * ThreadSanitizer's __tsan_acquire, __tsan_release, __tsan_mutex_*, AnnotateHappensBefore,
 * AnnotateHappensAfter, AnnotateRWLock* and AnnotateBenignRace* mean the same to snarl.
 */
#ifndef SNARL_H
#define SNARL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern void snarl_happens_before(const volatile void *address) __attribute__((weak));
extern void snarl_happens_after(const volatile void *address) __attribute__((weak));
extern void snarl_lock_acquired(const volatile void *lock, int is_shared, int is_tried)
	__attribute__((weak));
extern void snarl_lock_released(const volatile void *lock) __attribute__((weak));
extern void snarl_lock_name(const volatile void *lock, const char *name) __attribute__((weak));
extern void snarl_benign_race(const volatile void *address, size_t size_bytes, const char *why)
	__attribute__((weak));

#ifdef __cplusplus
}
#endif

#define SNARL_CALL(function, arguments) ((function) ? (function) arguments : (void)0)

/*
 * What this thread did until now comes before what a thread does after
 * SNARL_HAPPENS_AFTER() of the same address.  The address is only a name for the two; those
 * of several threads add up.
 */
#define SNARL_HAPPENS_BEFORE(address) SNARL_CALL(snarl_happens_before, ((address)))
#define SNARL_HAPPENS_AFTER(address) SNARL_CALL(snarl_happens_after, ((address)))

/*
 * This thread has taken a lock, or is about to release it: one that is not made of the C
 * library's.  The address is that of the lock.  Taken by a call that does not wait is
 * SNARL_LOCK_TRIED: that is no part of a deadlock.  SHARED is for readers.
 */
#define SNARL_LOCK_ACQUIRED(lock) SNARL_CALL(snarl_lock_acquired, ((lock), 0, 0))
#define SNARL_LOCK_TRIED(lock) SNARL_CALL(snarl_lock_acquired, ((lock), 0, 1))
#define SNARL_LOCK_ACQUIRED_SHARED(lock) SNARL_CALL(snarl_lock_acquired, ((lock), 1, 0))
#define SNARL_LOCK_TRIED_SHARED(lock) SNARL_CALL(snarl_lock_acquired, ((lock), 1, 1))
#define SNARL_LOCK_RELEASED(lock) SNARL_CALL(snarl_lock_released, ((lock)))

/* What reports call a lock of any kind, from now to its end.  The name is copied. */
#define SNARL_LOCK_NAME(lock, name) SNARL_CALL(snarl_lock_name, ((lock), (name)))

/* Races on this memory, static or of a heap block, are meant, for the reason that is given
 * to the reader of the source: they are not reported. */
#define SNARL_BENIGN_RACE(address, size, why)                                                      \
	SNARL_CALL(snarl_benign_race, ((address), (size), (why)))

#endif
