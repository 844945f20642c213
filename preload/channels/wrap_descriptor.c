/* Lives of descriptors, and waits for several of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "preload/channels/descriptors.h"
#include "preload/channels/inner_ends.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"
#include "preload/outside/number.h"

#define WRAP_NEW(name, parameters, arguments, begin)                                               \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int made = REAL(name) arguments;                                                   \
                                                                                                   \
		if (made >= 0)                                                                     \
			begin;                                                                     \
		return made;                                                                       \
	}

#define UNNAMED descriptor_unnamed(made, false)
#define ACCEPTED                                                                                   \
	(descriptor_has_read(descriptor), descriptor_began(made), descriptor_is_socket(made))
#define PAIR                                                                                       \
	(descriptor_began(ends[0]), descriptor_began(ends[1]), inner_made(ends[0], ends[1]))

WRAP_NEW(eventfd, (unsigned count, int flags), (count, flags), UNNAMED)
WRAP_NEW(timerfd_create, (int clock, int flags), (clock, flags), UNNAMED)
WRAP_NEW(epoll_create, (int size), (size), UNNAMED)
WRAP_NEW(epoll_create1, (int flags), (flags), UNNAMED)
WRAP_NEW(pipe, (int ends[2]), (ends), PAIR)
WRAP_NEW(pipe2, (int ends[2], int flags), (ends, flags), PAIR)
WRAP_NEW(socket, (int family, int type, int protocol), (family, type, protocol),
	 (descriptor_began(made), descriptor_is_socket(made)))
WRAP_NEW(socketpair, (int family, int type, int protocol, int ends[2]),
	 (family, type, protocol, ends), descriptor_pair(ends[0], ends[1]))
WRAP_NEW(accept,
	 (int descriptor, struct sockaddr *restrict address, socklen_t *restrict size_bytes),
	 (descriptor, address, size_bytes), ACCEPTED)
WRAP_NEW(accept4,
	 (int descriptor, struct sockaddr *restrict address, socklen_t *restrict size_bytes,
	  int flags),
	 (descriptor, address, size_bytes, flags), ACCEPTED)
WRAP_NEW(dup, (int descriptor), (descriptor), descriptor_copied(descriptor, made))

EXPORT_ALIAS(__pipe, pipe)

EXPORT int signalfd(int descriptor, const sigset_t *signals, int flags)
{
	int made = REAL(signalfd)(descriptor, signals, flags);

	if (made >= 0 && descriptor < 0)
		descriptor_unnamed(made, true);
	return made;
}

EXPORT int bind(int descriptor, const struct sockaddr *address, socklen_t size_bytes)
{
	int result = REAL(bind)(descriptor, address, size_bytes);

	descriptor_began(descriptor);
	return result;
}

EXPORT int connect(int descriptor, const struct sockaddr *address, socklen_t size_bytes)
{
	int result;

	if (address)
		descriptor_sends(descriptor, address, size_bytes);
	result = REAL(connect)(descriptor, address, size_bytes);
	descriptor_began(descriptor);
	return result;
}

EXPORT_ALIAS(__connect, connect)

static int copy_descriptor(int descriptor, int copy, int (*real)(int, int, int), int flags)
{
	int result;

	if (descriptor == copy)
		return real(descriptor, copy, flags);
	descriptor_closes(copy);
	result = real(descriptor, copy, flags);
	if (result >= 0)
		descriptor_copied(descriptor, result);
	return result;
}

static int call_dup2(int descriptor, int copy, int flags)
{
	(void)flags;
	return REAL(dup2)(descriptor, copy);
}

EXPORT int dup2(int descriptor, int copy)
{
	return copy_descriptor(descriptor, copy, call_dup2, 0);
}

EXPORT int dup3(int descriptor, int copy, int flags)
{
	return copy_descriptor(descriptor, copy, REAL(dup3), flags);
}

EXPORT_ALIAS(__dup2, dup2)

EXPORT int close(int descriptor)
{
	if (descriptor >= 0)
		descriptor_closes(descriptor);
	return REAL(close)(descriptor);
}

EXPORT_ALIAS(__close, close)

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & CLOSE_RANGE_CLOEXEC))
		descriptor_closes_range(first, last);
	return REAL(close_range)(first, last, flags);
}

EXPORT void closefrom(int first)
{
	descriptor_closes_range(first < 0 ? 0 : (unsigned)first, ~0u);
	REAL(closefrom)(first);
}

EXPORT int fclose(FILE *stream)
{
	if (stream->_fileno >= 0)
		descriptor_closes(stream->_fileno);
	return REAL(fclose)(stream);
}

EXPORT int closedir(DIR *directory)
{
	number_changed(dirfd(directory));
	return REAL(closedir)(directory);
}

EXPORT int pclose(FILE *stream)
{
	if (stream->_fileno >= 0)
		descriptor_closes(stream->_fileno);
	return REAL(pclose)(stream);
}

EXPORT FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
	if (stream->_fileno >= 0)
		descriptor_closes(stream->_fileno);
	return REAL(freopen)(path, mode, stream);
}

EXPORT_ALIAS(freopen64, freopen)

static int note_polled(const struct pollfd *files, nfds_t count, int result)
{
	const short ready = POLLIN | POLLHUP | POLLERR | POLLRDHUP;

	for (nfds_t i = 0; result > 0 && i < count; i++)
		if (files[i].fd >= 0 && (files[i].revents & ready))
			descriptor_has_read(files[i].fd);
	return result;
}

int __poll_chk(struct pollfd *files, nfds_t count, int milliseconds, size_t size_bytes);
int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *limit,
		const sigset_t *mask, size_t size_bytes);

#define WRAP_POLL(name, parameters, arguments)                                                     \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		return note_polled(files, count, REAL(name) arguments);                            \
	}

WRAP_POLL(poll, (struct pollfd * files, nfds_t count, int milliseconds),
	  (files, count, milliseconds))
WRAP_POLL(ppoll,
	  (struct pollfd * files, nfds_t count, const struct timespec *limit, const sigset_t *mask),
	  (files, count, limit, mask))
WRAP_POLL(__poll_chk, (struct pollfd * files, nfds_t count, int milliseconds, size_t size_bytes),
	  (files, count, milliseconds, size_bytes))
WRAP_POLL(__ppoll_chk,
	  (struct pollfd * files, nfds_t count, const struct timespec *limit, const sigset_t *mask,
	   size_t size_bytes),
	  (files, count, limit, mask, size_bytes))

EXPORT_ALIAS(__poll, poll)

static int count_in_word(const fd_set *set, int word)
{
	return set ? __builtin_popcountl((unsigned long)set->fds_bits[word]) : 0;
}

/*
 * A set may be larger than fd_set, or smaller than @count says: the kernel looks at no more
 * than there are places for descriptors.  It has counted what is left in all three, so nothing
 * is behind that many.
 */
static int note_selected(int count, const fd_set *readable, const fd_set *writable,
			 const fd_set *other, int result)
{
	int left = result;

	for (int word = 0; readable && left > 0 && word <= (count - 1) / NFDBITS; word++) {
		left -= count_in_word(readable, word) + count_in_word(writable, word) +
			count_in_word(other, word);
		for (int i = 0; i < NFDBITS; i++)
			if (readable->fds_bits[word] >> i & 1)
				descriptor_has_read(word * NFDBITS + i);
	}
	return result;
}

EXPORT int select(int count, fd_set *restrict readable, fd_set *restrict writable,
		  fd_set *restrict other, struct timeval *restrict limit)
{
	return note_selected(count, readable, writable, other,
			     REAL(select)(count, readable, writable, other, limit));
}

EXPORT int pselect(int count, fd_set *restrict readable, fd_set *restrict writable,
		   fd_set *restrict other, const struct timespec *restrict limit,
		   const sigset_t *restrict mask)
{
	return note_selected(count, readable, writable, other,
			     REAL(pselect)(count, readable, writable, other, limit, mask));
}

EXPORT_ALIAS(__select, select)

EXPORT int epoll_ctl(int watcher, int operation, int descriptor, struct epoll_event *event)
{
	if (operation != EPOLL_CTL_DEL)
		descriptor_watched(watcher, descriptor);
	return REAL(epoll_ctl)(watcher, operation, descriptor, event);
}

#define WRAP_EPOLL(name, parameters, arguments)                                                    \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int result = REAL(name) arguments;                                                 \
                                                                                                   \
		if (result > 0)                                                                    \
			descriptor_has_waited(watcher);                                            \
		return result;                                                                     \
	}

WRAP_EPOLL(epoll_wait, (int watcher, struct epoll_event *events, int count, int milliseconds),
	   (watcher, events, count, milliseconds))
WRAP_EPOLL(epoll_pwait,
	   (int watcher, struct epoll_event *events, int count, int milliseconds,
	    const sigset_t *mask),
	   (watcher, events, count, milliseconds, mask))
WRAP_EPOLL(epoll_pwait2,
	   (int watcher, struct epoll_event *events, int count, const struct timespec *limit,
	    const sigset_t *mask),
	   (watcher, events, count, limit, mask))
