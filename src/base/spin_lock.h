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

/* False if it could not be taken. */
bool spin_lock(struct spin_lock *lock);
void spin_unlock(struct spin_lock *lock);

#endif
