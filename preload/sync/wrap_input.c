/*
 * Reads of descriptors.  Only one of an inner end (inner_ends.h) is announced as a wait:
 * what others wait for may come from outside.
 *
 * All are cancellation points: the guard is down during the real call.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "detect/deadlock/wait.h"
#include "preload/channels/descriptors.h"
#include "preload/channels/inner_ends.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/sync/wrap_lock.h"

/* Declared here: some are called by fortified programs only. */
#define INPUT(type, name, parameters, arguments, descriptor, can_wait) type name parameters;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include "preload/sync/inputs.def"
#pragma GCC diagnostic pop
#undef INPUT

/* NULL: it is not observed. */
static struct guest_thread *begin_wait(int descriptor, const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct wait wait = {.kind = WAIT_INPUT, .number = (uint32_t)descriptor};
	bool is_hang;

	if (!self)
		return NULL;
	wait.stack = guest_stack(self, start);
	/* relaxed: as in thread_join_begin(). */
	wait.is_timed = load_relaxed(&self->thread->waiting.is_cancelled);
	is_hang = wait_begin(&guest_detector, self->thread, &wait);
	lock_wait_announced(self, is_hang);
	return self;
}

static void end_wait(struct guest_thread *self)
{
	guest_raise(self);
	wait_end(&guest_detector, self->thread);
	lock_wait_ended(self);
}

static bool has_room(const struct iovec *parts, int count)
{
	for (int i = 0; i < count; i++)
		if (parts[i].iov_len)
			return true;
	return false;
}

#define INPUT(type, name, parameters, arguments, descriptor, can_wait)                             \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		struct guest_thread *self = NULL;                                                  \
		type result;                                                                       \
                                                                                                   \
		if (UNLIKELY(inner_is_end(descriptor)) && (can_wait)) {                            \
			struct unwind_start start = unwind_start_here();                           \
                                                                                                   \
			self = begin_wait(descriptor, &start);                                     \
		}                                                                                  \
		result = REAL(name) arguments;                                                     \
		if (self)                                                                          \
			end_wait(self);                                                            \
		if (result >= 0)                                                                   \
			descriptor_has_read(descriptor);                                           \
		return result;                                                                     \
	}

#include "preload/sync/inputs.def"
#undef INPUT

EXPORT_ALIAS(__read, read)
