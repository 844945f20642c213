/*
 * A lock for a few instructions on one object, that nobody waits for long.
 *
 * Signals stay as they are, so a handler may jump out of a holder and leave it
 * taken.  Hence who cannot get it in a while goes without, and counts that.
 */
#ifndef BASE_SPIN_LOCK_H
#define BASE_SPIN_LOCK_H

#include "base/types.h"

struct spin_lock {
	uint32_t is_taken;
};

/* False if it was not to be had. */
bool spin_lock(struct spin_lock *lock);
void spin_unlock(struct spin_lock *lock);

#endif
