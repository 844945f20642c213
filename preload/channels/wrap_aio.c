/*
 * Requests that the C library or the kernel works at: who made one gave to whoever sees that it is
 * done.
 */
#define _GNU_SOURCE
#include <aio.h>
#include <errno.h>

#include "preload/channels/descriptors.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"

/* --- Of the C library, given as to a timer (sync/wrap_thread.c) ---------------------- */

static void take_requests(void)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	signals_take(self, SIGNAL_OF_TIMERS);
	guest_leave(self);
}

#define LOOK(type, name, parameters, arguments, is_done)                                           \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		type result = REAL(name) arguments;                                                \
                                                                                                   \
		if (is_done)                                                                       \
			take_requests();                                                           \
		return result;                                                                     \
	}

LOOK(int, aio_error, (const struct aiocb *request), (request), result != EINPROGRESS)
LOOK(ssize_t, aio_return, (struct aiocb * request), (request), true)
LOOK(int, aio_suspend,
	(const struct aiocb *const requests[], int count, const struct timespec *restrict limit),
	(requests, count, limit), result == 0)

EXPORT_ALIAS(aio_error64, aio_error)
EXPORT_ALIAS(aio_return64, aio_return)
EXPORT_ALIAS(aio_suspend64, aio_suspend)

/* --- Of the kernel, by libaio -------------------------------------------------- */

/* The real one is not there if the program merely asks whether there is one. */
#define EVENTS(name, parameters, arguments, gives)                                                 \
	EXPORT int name parameters;                                                                \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		__typeof__(&name) real = REAL_LATE(name);                                          \
		int result;                                                                        \
                                                                                                   \
		if (!real)                                                                         \
			return -ENOSYS;                                                            \
		if (gives)                                                                         \
			channel_key_gives(CHANNEL_KEY(KEY_RING, (uintptr_t)context));              \
		result = real arguments;                                                           \
		if (!(gives) && result > 0)                                                        \
			channel_key_takes(CHANNEL_KEY(KEY_RING, (uintptr_t)context));              \
		return result;                                                                     \
	}

EVENTS(io_submit, (void *context, long count, void **requests), (context, count, requests), true)
EVENTS(io_getevents, (void *context, long least, long most, void *events, void *limit),
	(context, least, most, events, limit), false)
EVENTS(io_pgetevents, (void *context, long least, long most, void *events, void *limit, void *mask),
	(context, least, most, events, limit, mask), false)
