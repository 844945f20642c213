#include "base/runtime_lock.h"

#include <linux/futex.h>
#include <signal.h>

#include "base/atomic.h"
#include "base/kernel.h"

#define SPIN_COUNT 100

kernel_gate_function kernel_gate; /* kernel.h */
bool (*handlers_wait)(uintptr_t sp);

uint64_t signals_block(void)
{
	uint64_t all = ~0ull;
	uint64_t before = 0;

	kernel_call4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(before));
	return before;
}

static inline __attribute__((always_inline)) uint64_t hold_off(void)
{
	return handlers_wait && handlers_wait((uintptr_t)__builtin_frame_address(0))
		       ? HANDLERS_WAIT
		       : signals_block();
}

uint64_t signals_hold_off(void)
{
	return hold_off();
}

void signals_restore(uint64_t mask)
{
	if (mask == HANDLERS_WAIT)
		return;
	kernel_call4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof(mask));
}

static bool take_quickly(struct runtime_lock *lock)
{
	for (unsigned i = 0; i < SPIN_COUNT; i++) {
		uint32_t expected = 0;

		/* acquire: pairs with the exchange in runtime_unlock(). */
		if (compare_exchange_acq_rel(&lock->state, &expected, 1u))
			return true;
		arch_pause();
	}
	return false;
}

static void take(struct runtime_lock *lock, uint64_t mask)
{
	if (!take_quickly(lock)) {
		while (exchange_acquire(&lock->state, 2u) != 0)
			kernel_call4(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, 0);
	}
	lock->saved_signals = mask;
}

void runtime_lock(struct runtime_lock *lock)
{
	take(lock, hold_off());
}

void runtime_lock_inside(struct runtime_lock *lock)
{
	take(lock, HANDLERS_WAIT);
}

void runtime_unlock(struct runtime_lock *lock)
{
	uint64_t mask = lock->saved_signals;

	/* release: pairs with the acquires in runtime_lock(). */
	if (exchange_acq_rel(&lock->state, 0u) == 2)
		kernel_call3(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
	signals_restore(mask);
}

uint64_t runtime_lock_signals(const struct runtime_lock *lock)
{
	uint64_t mask = lock->saved_signals;

	if (mask == HANDLERS_WAIT)
		kernel_call4(SYS_rt_sigprocmask, SIG_BLOCK, 0, &mask, sizeof(mask));
	return mask;
}
