/*
 * Reads and writes of descriptors and streams (see descriptors.h).
 *
 * All are cancellation points: the guard is down during the real call.
 */
#define _GNU_SOURCE
#define __NO_INLINE__ 1 /* definitions in <stdio.h> */
#include <mqueue.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "preload/channels/descriptors.h"
#include "preload/channels/inner_ends.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"

#undef getc
#undef putc

/* Declared here, as headers do not have all of them: some are called by
 * fortified or old programs only. */
#define TRANSFER(type, name, parameters, arguments, to, from) type name parameters;
#define STREAM(type, name, parameters, arguments, to, from) type name parameters;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include "preload/channels/transfers.def"
#pragma GCC diagnostic pop
#undef TRANSFER
#undef STREAM

#define TRANSFER(type, name, parameters, arguments, to, from)                                      \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		type result;                                                                       \
                                                                                                   \
		if ((to) >= 0)                                                                     \
			descriptor_writes(to);                                                     \
		result = REAL(name) arguments;                                                     \
		if ((from) >= 0 && result >= 0)                                                    \
			descriptor_has_read(from);                                                 \
		return result;                                                                     \
	}

#define STREAM(type, name, parameters, arguments, to, from)                                        \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		type result;                                                                       \
                                                                                                   \
		if ((to) >= 0)                                                                     \
			descriptor_writes(to);                                                     \
		result = REAL(name) arguments;                                                     \
		if ((from) >= 0)                                                                   \
			descriptor_has_read(from);                                                 \
		return result;                                                                     \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#include "preload/channels/transfers.def"
#pragma GCC diagnostic pop
#undef TRANSFER
#undef STREAM

EXPORT_ALIAS(__write, write)
EXPORT_ALIAS(__send, send)
EXPORT_ALIAS(_IO_getc, getc)
EXPORT_ALIAS(_IO_putc, putc)

EXPORT ssize_t sendto(int descriptor, const void *buffer, size_t size_bytes, int flags,
		      const struct sockaddr *address, socklen_t address_bytes)
{
	descriptor_writes(descriptor);
	if (address)
		descriptor_sends(descriptor, address, address_bytes);
	return REAL(sendto)(descriptor, buffer, size_bytes, flags, address, address_bytes);
}

static void note_message(int descriptor, const struct msghdr *message)
{
	/* It may pass descriptors. */
	if (message && message->msg_controllen)
		inner_shared();
	if (message && message->msg_name)
		descriptor_sends(descriptor, message->msg_name, message->msg_namelen);
}

EXPORT ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
	descriptor_writes(descriptor);
	note_message(descriptor, message);
	return REAL(sendmsg)(descriptor, message, flags);
}

EXPORT int sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags)
{
	descriptor_writes(descriptor);
	for (unsigned i = 0; i < count; i++)
		note_message(descriptor, &messages[i].msg_hdr);
	return REAL(sendmmsg)(descriptor, messages, count, flags);
}

static struct channel *find_queue(struct guest_thread *self, mqd_t queue)
{
	struct stat status;

	if (kernel_call2(SYS_fstat, queue, &status) != 0)
		return NULL;
	return channel_get(&guest_channels, self->thread,
			   CHANNEL_KEY(KEY_QUEUE, hash_mix(status.st_dev) ^ status.st_ino));
}

/* Who is told of the message by mq_notify() is called back as by a timer. */
static void queue_writes(mqd_t queue)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	struct channel *channel = self ? find_queue(self, queue) : NULL;

	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
	if (self) {
		signals_give(self, SIGNAL_OF_TIMERS);
		guest_leave(self);
	}
}

static void queue_has_read(mqd_t queue)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	struct channel *channel = self ? find_queue(self, queue) : NULL;

	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	if (self)
		guest_leave(self);
}

EXPORT int mq_send(mqd_t queue, const char *message, size_t size_bytes, unsigned int priority)
{
	queue_writes(queue);
	return REAL(mq_send)(queue, message, size_bytes, priority);
}

EXPORT int mq_timedsend(mqd_t queue, const char *message, size_t size_bytes, unsigned int priority,
			const struct timespec *until)
{
	queue_writes(queue);
	return REAL(mq_timedsend)(queue, message, size_bytes, priority, until);
}

EXPORT ssize_t mq_receive(mqd_t queue, char *message, size_t size_bytes, unsigned int *priority)
{
	ssize_t result = REAL(mq_receive)(queue, message, size_bytes, priority);

	if (result >= 0)
		queue_has_read(queue);
	return result;
}

EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict message, size_t size_bytes,
			       unsigned int *restrict priority,
			       const struct timespec *restrict until)
{
	ssize_t result = REAL(mq_timedreceive)(queue, message, size_bytes, priority, until);

	if (result >= 0)
		queue_has_read(queue);
	return result;
}
