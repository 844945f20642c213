/*
 * Futexes by syscall(2): locks and waits that a program, or the library of its
 * language, implements itself.  They are not followed as locks; but a wake
 * hands over to a wait, and the futex word synchronises as an atomic.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>

#include "detect/race/atomic_location.h"
#include "preload/channels/descriptors.h"
#include "preload/arch/arch.h"
#include "preload/guest/guest.h"
#include "preload/sync/wrap_syscall.h"

/* The race engine may be left out. */
#pragma weak atomic_release
#pragma weak atomic_acquire

static void give_to_waiters(struct guest_thread *self, uintptr_t address)
{
	struct channel *channel =
		channel_get(&guest_channels, self->thread, CHANNEL_KEY(KEY_FUTEX, address));

	if (guest_observes_memory && atomic_release)
		atomic_release(&guest_detector, self->thread, address);
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
}

static void take_from_wakers(struct guest_thread *self, uintptr_t address)
{
	struct channel *channel = channel_find(&guest_channels, CHANNEL_KEY(KEY_FUTEX, address));

	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	if (guest_observes_memory && atomic_acquire)
		atomic_acquire(&guest_detector, self->thread, address);
}

static bool is_wait(int command)
{
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
	       command == FUTEX_LOCK_PI2 || command == FUTEX_TRYLOCK_PI ||
	       command == FUTEX_WAIT_REQUEUE_PI;
}

static void note_wake(int command, uintptr_t address, uintptr_t second)
{
	bool has_second = command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE ||
			  command == FUTEX_CMP_REQUEUE_PI || command == FUTEX_WAKE_OP;
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give_to_waiters(self, address);
	if (has_second)
		give_to_waiters(self, second);
	guest_leave(self);
}

/* After a requeue the wake may have been at the second futex. */
static void note_wait(int command, uintptr_t address, uintptr_t second)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	take_from_wakers(self, address);
	if (command == FUTEX_WAIT_REQUEUE_PI)
		take_from_wakers(self, second);
	guest_leave(self);
}

/* Called by wrap_syscall.S, with the arguments of syscall() in their places. */
long futex_by_system_call(long number, uintptr_t address, long operation, long value, long limit,
			  uintptr_t second);

long futex_by_system_call(long number, uintptr_t address, long operation, long value, long limit,
			  uintptr_t second)
{
	long (*real)(long, uintptr_t, long, long, long, uintptr_t, long);
	int command = (int)operation & FUTEX_CMD_MASK;
	long result;

	if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET)
		detector_count(&guest_detector, LOST_FOREIGN_LOCKS);
	if (!is_wait(command) && !__libc_single_threaded)
		note_wake(command, address, second);
	/* The real syscall() sets errno as the program expects. */
	if (!guest_real_syscall)
		guest_resolve_syscall();
	real = (__typeof__(real))guest_real_syscall;
	result = real(number, address, operation, value, limit, second, SYSCALL_LAST_ARGUMENT);
	if (is_wait(command) && !__libc_single_threaded && (result >= 0 || errno == EAGAIN))
		note_wait(command, address, second);
	return result;
}
