#include "base/spin_lock.h"

#include "base/atomic.h"
#include "base/kernel.h"

#define SPINS 1000u  /* before each yield */
#define YIELDS 1000u /* the holder may not be running */

bool spin_lock(struct spin_lock *lock)
{
	for (unsigned yields = 0; yields < YIELDS; yields++) {
		for (unsigned spins = 0; spins < SPINS; spins++) {
			/* relaxed: only a hint; acquire: pairs with spin_unlock(). */
			if (!load_relaxed(&lock->is_taken) &&
			    !exchange_acquire(&lock->is_taken, 1u))
				return true;
			arch_pause();
		}
		kernel_call0(SYS_sched_yield);
	}
	return false;
}

void spin_unlock(struct spin_lock *lock)
{
	store_release(&lock->is_taken, 0u); /* pairs with spin_lock() */
}
