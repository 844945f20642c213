/*
 * Futexes by syscall(2): locks and waits that a program, or the library of its
 * language, implements itself.  They are not followed as locks; but a wake
 * hands over to a wait, and the futex word synchronises as an atomic.  A wait
 * without a limit may be part of a hang.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>

#include "detect/deadlock/futex.h"
#include "detect/race/atomics/atomic_location.h"
#include "preload/channels/descriptors.h"
#include "preload/arch/arch.h"
#include "preload/guest/guest.h"
#include "preload/outside/twins.h"
#include "preload/sync/wrap_lock.h"
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

/* Who did not wait because the word @has_changed comes after who has stored to it, whose
 * wake may be yet to come. */
static void take_from_wakers(struct guest_thread *self, uintptr_t address, bool has_changed)
{
	struct channel *channel = channel_find(&guest_channels, CHANNEL_KEY(KEY_FUTEX, address));
	uint32_t writer = CLOCK_ANY_SLOT;

	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	if (guest_observes_memory && atomic_acquire)
		writer = atomic_acquire(&guest_detector, self->thread, address);
	if (has_changed)
		clock_learn(&guest_detector, self->thread, writer);
}

static bool waits_by(int command)
{
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

static bool is_wait(int command)
{
	return waits_by(command) || command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
	       command == FUTEX_TRYLOCK_PI || command == FUTEX_WAIT_REQUEUE_PI;
}

static bool wakes_by(int command)
{
	return command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET;
}

/* Who is moved to another word may be woken there: to be safe, it counts as woken. */
static void wake_waiters(uintptr_t address, uint32_t count)
{
	struct sync_object *futex = sync_find(&guest_detector.objects, address);

	if (futex)
		futex_woken(&guest_detector, futex, count);
}

static void note_wake(int command, uintptr_t address, long count, uintptr_t second)
{
	bool has_second = command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE ||
			  command == FUTEX_CMP_REQUEUE_PI || command == FUTEX_WAKE_OP;
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give_to_waiters(self, address);
	wake_waiters(address, wakes_by(command) ? (uint32_t)count : UINT32_MAX);
	if (has_second) {
		give_to_waiters(self, second);
		wake_waiters(second, UINT32_MAX);
	}
	guest_leave(self);
}

/* The word as an object; NULL if there is another object or can be no word. */
static struct sync_object *find_futex(struct guest_thread *self, uintptr_t address, stack_id stack)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);

	if (address % sizeof(uint32_t))
		return NULL;
	if (object && object->info)
		return object->info->kind == OBJECT_FUTEX ? object : NULL;
	return lock_object_begin(self, OBJECT_FUTEX, address, stack);
}

/* NULL: it is not observed. */
static struct guest_thread *begin_wait(struct futex_wait *wait, uintptr_t address,
				       const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *futex;
	bool is_hang;
	stack_id stack;

	if (!self)
		return NULL;
	stack = guest_stack(self, start);
	futex = find_futex(self, address, stack);
	if (!futex || !futex->info) {
		guest_leave(self);
		return NULL;
	}
	is_hang = futex_wait_begin(&guest_detector, self->thread, wait, futex, stack);
	lock_wait_announced(self, is_hang);
	return self;
}

static void end_wait(struct guest_thread *self, const struct futex_wait *wait, bool is_woken)
{
	guest_raise(self);
	futex_wait_end(&guest_detector, self->thread, wait, is_woken);
	lock_wait_ended(self);
}

/* After a requeue the wake may have been at the second futex. */
static void note_wait(int command, uintptr_t address, uintptr_t second, bool has_changed)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	take_from_wakers(self, address, has_changed);
	if (command == FUTEX_WAIT_REQUEUE_PI)
		take_from_wakers(self, second, false);
	guest_leave(self);
}

/* Called by wrap_syscall.S, with the arguments of syscall() in their places. */
long futex_by_system_call(long number, uintptr_t address, long operation, long value, long limit,
			  uintptr_t second);

long futex_by_system_call(long number, uintptr_t address, long operation, long value, long limit,
			  uintptr_t second)
{
	long (*real)(long, uintptr_t, long, long, long, uintptr_t, long);
	struct unwind_start start = unwind_start_here();
	int command = (int)operation & FUTEX_CMD_MASK;
	uintptr_t home = twins_home(address);
	struct futex_wait wait = {.value = (uint32_t)value};
	struct guest_thread *self = NULL;
	long result;

	if (waits_by(command)) {
		detector_count(&guest_detector, LOST_FOREIGN_LOCKS);
		if (!limit)
			self = begin_wait(&wait, home, &start);
	}
	if (!is_wait(command) && !__libc_single_threaded)
		note_wake(command, home, value, twins_home(second));
	/* The real syscall() sets errno as the program expects. */
	if (!guest_real_syscall)
		guest_resolve_syscall();
	real = (__typeof__(real))guest_real_syscall;
	result = real(number, address, operation, value, limit, second, SYSCALL_LAST_ARGUMENT);
	if (self)
		end_wait(self, &wait, result == 0);
	if (is_wait(command) && !__libc_single_threaded && (result >= 0 || errno == EAGAIN))
		note_wait(command, home, twins_home(second), waits_by(command) && result < 0);
	return result;
}
