/*
 * Functions that access several ranges (struct iovec), or the address of a
 * peer.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/uio.h>

#include "detect/data/site.h"
#include "preload/ranges/tables.h"

/* The first @size_bytes of the ranges in @vectors were accessed. */
static void access_vectors(const struct unwind_start *at, const struct iovec *vectors, size_t count,
			   size_t size_bytes, bool is_write)
{
	for (size_t i = 0; i < count && size_bytes; i++) {
		size_t part = vectors[i].iov_len < size_bytes ? vectors[i].iov_len : size_bytes;

		if (is_write)
			range_written(at, vectors[i].iov_base, part);
		else
			range_read(at, vectors[i].iov_base, part);
		size_bytes -= part;
	}
}

static size_t count_of(int count)
{
	return count > 0 ? (size_t)count : 0;
}

#define READS_VECTORS(name, parameters, arguments)                                                 \
	static ssize_t wrapped_##name parameters                                                   \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		ssize_t result;                                                                    \
                                                                                                   \
		range_number(&start, file, SITE_READ);                                             \
		range_read(&start, vectors, count_of(count) * sizeof(*vectors));                   \
		result = RANGE_ORIGINAL(name) arguments;                                           \
		if (result > 0)                                                                    \
			access_vectors(&start, vectors, count_of(count), (size_t)result, true);    \
		return result;                                                                     \
	}

#define WRITES_VECTORS(name, parameters, arguments)                                                \
	static ssize_t wrapped_##name parameters                                                   \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		range_number(&start, file, SITE_READ);                                             \
		range_read(&start, vectors, count_of(count) * sizeof(*vectors));                   \
		access_vectors(&start, vectors, count_of(count), SIZE_MAX, false);                 \
		return RANGE_ORIGINAL(name) arguments;                                             \
	}

#define HERE (int file, const struct iovec *vectors, int count)
#define THERE (int file, const struct iovec *vectors, int count, off_t at)
READS_VECTORS(readv, HERE, (file, vectors, count))
READS_VECTORS(preadv, THERE, (file, vectors, count, at))
READS_VECTORS(preadv64, THERE, (file, vectors, count, at))
WRITES_VECTORS(writev, HERE, (file, vectors, count))
WRITES_VECTORS(pwritev, THERE, (file, vectors, count, at))
WRITES_VECTORS(pwritev64, THERE, (file, vectors, count, at))

static size_t stored_bytes(ssize_t result, size_t n)
{
	if (result <= 0)
		return 0;
	return (size_t)result < n ? (size_t)result : n; /* MSG_TRUNC */
}

static void peer_told(const struct unwind_start *at, const void *peer, const socklen_t *length,
		      socklen_t room)
{
	if (!peer || !length)
		return;
	range_written(at, length, sizeof(*length));
	range_written(at, peer, *length < room ? *length : room);
}

static ssize_t wrapped_recvfrom(int file, void *to, size_t n, int flags, struct sockaddr *peer,
				socklen_t *length)
{
	struct unwind_start start = unwind_start_here();
	socklen_t room = peer && length ? *length : 0;
	ssize_t result;

	range_number(&start, file, SITE_READ);
	result = RANGE_ORIGINAL(recvfrom)(file, to, n, flags, peer, length);
	range_written(&start, to, stored_bytes(result, n));
	if (result >= 0)
		peer_told(&start, peer, length, room);
	return result;
}

static ssize_t wrapped___recvfrom_chk(int file, void *to, size_t n, size_t limit, int flags,
				      struct sockaddr *peer, socklen_t *length)
{
	struct unwind_start start = unwind_start_here();
	socklen_t room = peer && length ? *length : 0;
	ssize_t (*original)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *) =
		range_originals[RANGE_OF___recvfrom_chk];
	ssize_t result;

	range_number(&start, file, SITE_READ);
	result = original(file, to, n, limit, flags, peer, length);
	range_written(&start, to, stored_bytes(result, n));
	if (result >= 0)
		peer_told(&start, peer, length, room);
	return result;
}

static ssize_t wrapped_recvmsg(int file, struct msghdr *message, int flags)
{
	struct unwind_start start = unwind_start_here();
	ssize_t result;

	range_number(&start, file, SITE_READ);
	range_read(&start, message, sizeof(*message));
	range_read(&start, message->msg_iov, message->msg_iovlen * sizeof(*message->msg_iov));
	result = RANGE_ORIGINAL(recvmsg)(file, message, flags);
	if (result < 0)
		return result;
	access_vectors(&start, message->msg_iov, message->msg_iovlen, (size_t)result, true);
	range_written_if(&start, message->msg_name, message->msg_namelen);
	range_written_if(&start, message->msg_control, message->msg_controllen);
	range_written(&start, message, sizeof(*message));
	return result;
}

static ssize_t wrapped_sendmsg(int file, const struct msghdr *message, int flags)
{
	struct unwind_start start = unwind_start_here();

	range_number(&start, file, SITE_READ);
	range_read(&start, message, sizeof(*message));
	range_read(&start, message->msg_iov, message->msg_iovlen * sizeof(*message->msg_iov));
	access_vectors(&start, message->msg_iov, message->msg_iovlen, SIZE_MAX, false);
	range_read_if(&start, message->msg_name, message->msg_namelen);
	range_read_if(&start, message->msg_control, message->msg_controllen);
	return RANGE_ORIGINAL(sendmsg)(file, message, flags);
}

void *const ranges_vectors[RANGE_COUNT] = {
	[RANGE_OF_readv] = wrapped_readv,	[RANGE_OF_preadv] = wrapped_preadv,
	[RANGE_OF_preadv64] = wrapped_preadv64, [RANGE_OF_writev] = wrapped_writev,
	[RANGE_OF_pwritev] = wrapped_pwritev,	[RANGE_OF_pwritev64] = wrapped_pwritev64,
	[RANGE_OF_recvfrom] = wrapped_recvfrom, [RANGE_OF___recvfrom_chk] = wrapped___recvfrom_chk,
	[RANGE_OF_recvmsg] = wrapped_recvmsg,	[RANGE_OF_sendmsg] = wrapped_sendmsg,
};
