#include "base/spin_lock.h"

#include <linux/futex.h>
#include <time.h>

#include "base/atomic.h"
#include "base/kernel.h"

#define SLEEP_LEAST_NS 10000l
#define SLEEP_DOUBLINGS 7u /* up to 1.3 ms */
#define SLEEPS 48u	   /* some 50 ms */

void spin_wait(unsigned tries)
{
	unsigned sleeps = tries < SPIN_PAUSES ? 0 : tries - SPIN_PAUSES;
	struct timespec time = {
		.tv_nsec = SLEEP_LEAST_NS
			   << (sleeps < SLEEP_DOUBLINGS ? sleeps : SLEEP_DOUBLINGS),
	};
	uint32_t nobody_wakes = 0;

	if (tries < SPIN_PAUSES)
		arch_pause();
	else
		kernel_call4(SYS_futex, &nobody_wakes, FUTEX_WAIT_PRIVATE, 0, &time);
}

bool spin_lock(struct spin_lock *lock)
{
	for (unsigned tries = 0; tries < SPIN_PAUSES + SLEEPS; tries++) {
		/* relaxed: only a hint; acquire: pairs with spin_unlock(). */
		if (!load_relaxed(&lock->is_taken) && !exchange_acquire(&lock->is_taken, 1u))
			return true;
		spin_wait(tries);
	}
	return false;
}

void spin_unlock(struct spin_lock *lock)
{
	store_release(&lock->is_taken, 0u); /* pairs with spin_lock() */
}
