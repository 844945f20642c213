/*
 * Our own lock: a futex, no libc, signals blocked while held.
 *
 * Signals are blocked because a handler that leaves by siglongjmp() would leave
 * the lock held for ever.  Not recursive.  (Drepper, "Futexes Are Tricky", 2011,
 * section 5: states 0 free, 1 held, 2 held and waited for.)
 */
#ifndef BASE_RUNTIME_LOCK_H
#define BASE_RUNTIME_LOCK_H

#include "base/types.h"

struct runtime_lock {
	uint32_t state;
	uint64_t saved_signals; /* of the holder */
};

/* Of a lock that is taken around forks: they lie together, so that giving them all back copies
 * one page in the parent and one in the child. */
#define LOCKED_AROUND_FORKS __attribute__((section("fork_locks")))

void runtime_lock(struct runtime_lock *lock);
void runtime_unlock(struct runtime_lock *lock);

/* Blocks all signals of the calling thread; returns the mask to restore. */
uint64_t signals_block(void);
void signals_restore(uint64_t mask);

#endif
