/*
 * A spin lock for a few instructions on one object.
 *
 * Signals are not blocked: a handler may interrupt the holder and leave by
 * siglongjmp(), and then the lock stays held.  So taking it fails after a while;
 * the caller does without and counts a loss.
 */
#ifndef BASE_SPIN_LOCK_H
#define BASE_SPIN_LOCK_H

#include "base/types.h"

struct spin_lock {
	uint32_t is_taken;
};

/*
 * Between tries number @tries and the next one: a short pause; from SPIN_PAUSES on a
 * sleep, longer each time, since who holds may have a lower priority and need this
 * processor.  A futex wait, which programs with a filter for system calls allow too.
 * Nobody wakes the sleeper, so that giving back stays a plain store.
 */
void spin_wait(unsigned tries);

#define SPIN_PAUSES 500u

/* False if it could not be taken. */
bool spin_lock(struct spin_lock *lock);
void spin_unlock(struct spin_lock *lock);

#endif
