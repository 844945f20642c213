/*
 * Rings that are shared with the kernel, by liburing: what a thread has submitted is handed
 * over to who takes completions.
 *
 * Whoever finds a completion there already calls no function: code in the program loads the
 * word that the kernel stores to when it adds one.  So that word gives, too.
 */
#include <errno.h>
#include <signal.h>

#include "detect/race/atomics/atomic_location.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"

/* The race engine may be left out. */
#pragma weak atomic_release

/* The beginning of liburing's struct io_uring, which the program's own code knows. */
struct io_uring {
	uint64_t submissions[13];
	uint32_t *completions_head, *completions_tail;
};

struct io_uring_cqe;

static void ring_gives(struct io_uring *ring)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	struct channel *channel;

	if (!self)
		return;
	channel = channel_get(&guest_channels, self->thread,
			      CHANNEL_KEY(KEY_RING, (uintptr_t)ring));
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
	if (guest_observes_memory && atomic_release)
		atomic_release(&guest_detector, self->thread, (uintptr_t)ring->completions_tail);
	guest_leave(self);
}

static void ring_takes(struct io_uring *ring)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	struct channel *channel;

	if (!self)
		return;
	channel = channel_find(&guest_channels, CHANNEL_KEY(KEY_RING, (uintptr_t)ring));
	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	guest_leave(self);
}

/* Most of them may submit before they wait.  The real one is not there if the program merely asks
 * whether there is one. */
#define RING(name, parameters, arguments, does_give, does_take)                                    \
	EXPORT int name parameters;                                                                \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		__typeof__(&name) real = REAL_LATE(name);                                          \
		int result;                                                                        \
                                                                                                   \
		if (!real)                                                                         \
			return -ENOSYS;                                                            \
		if (does_give)                                                                     \
			ring_gives(ring);                                                          \
		result = real arguments;                                                           \
		if ((does_take) && result >= 0)                                                    \
			ring_takes(ring);                                                          \
		return result;                                                                     \
	}

RING(io_uring_submit, (struct io_uring *ring), (ring), true, false)
RING(io_uring_submit_and_wait, (struct io_uring *ring, unsigned count), (ring, count), true, true)
RING(io_uring_submit_and_get_events, (struct io_uring *ring), (ring), true, true)
RING(io_uring_submit_and_wait_timeout,
     (struct io_uring *ring, struct io_uring_cqe **completion, unsigned count, void *limit,
	sigset_t *mask),
     (ring, completion, count, limit, mask), true, true)
RING(io_uring_wait_cqes,
     (struct io_uring *ring, struct io_uring_cqe **completion, unsigned count, void *limit,
	sigset_t *mask),
     (ring, completion, count, limit, mask), true, true)
RING(io_uring_wait_cqe_timeout,
     (struct io_uring *ring, struct io_uring_cqe **completion, void *limit),
     (ring, completion, limit), true, true)
RING(__io_uring_get_cqe,
     (struct io_uring *ring, struct io_uring_cqe **completion, unsigned submitted, unsigned count,
	sigset_t *mask),
     (ring, completion, submitted, count, mask), submitted > 0, true)
RING(io_uring_peek_batch_cqe,
     (struct io_uring *ring, struct io_uring_cqe **completions, unsigned count),
     (ring, completions, count), false, true)
