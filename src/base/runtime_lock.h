/*
 * Our own lock: a futex, no libc, no handler of the program's while it is held.
 *
 * A handler that leaves by siglongjmp() would leave the lock held for ever.  So
 * signals are blocked, unless all handlers wait anyway.  Not recursive.  (Drepper,
 * "Futexes Are Tricky", 2011, section 5: states 0 free, 1 held, 2 held and waited for.)
 */
#ifndef BASE_RUNTIME_LOCK_H
#define BASE_RUNTIME_LOCK_H

#include "base/types.h"

struct runtime_lock {
	uint32_t state;
	uint64_t saved_signals; /* of the holder; or HANDLERS_WAIT */
};

/* Do handlers wait until the calling thread has left our code, in which the stack pointer
 * is @sp or below?  Asked before signals are blocked, as that is two system calls.  NULL: no. */
extern bool (*handlers_wait)(uintptr_t sp);

#define HANDLERS_WAIT (~0ull) /* no mask of the kernel's: nobody blocks SIGKILL */

/* Of a lock that is taken around forks: they lie together, so that giving them all back copies
 * one page in the parent and one in the child. */
#define LOCKED_AROUND_FORKS __attribute__((section("fork_page")))

/* Of what a fork's child writes to: it lies there, too. */
#define WRITTEN_IN_FORKS LOCKED_AROUND_FORKS

void runtime_lock(struct runtime_lock *lock);
void runtime_unlock(struct runtime_lock *lock);

/* The same inside of another one, which keeps handlers away until it is given back: that saves
 * two system calls. */
void runtime_lock_inside(struct runtime_lock *lock);

/* The signals that the thread which holds @lock had blocked before. */
uint64_t runtime_lock_signals(const struct runtime_lock *lock);

/* Blocks all signals of the calling thread; returns the mask to restore. */
uint64_t signals_block(void);
/* The same, but only if handlers would not wait anyway. */
uint64_t signals_hold_off(void);
void signals_restore(uint64_t mask);

#endif
