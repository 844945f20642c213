#define _GNU_SOURCE
#include "preload/descriptors.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/kernel.h"
#include "base/map.h"
#include "preload/signals.h"
#include "preload/wrap_process.h"

uint64_t descriptor_words[DESCRIPTORS_KEPT];
struct channel_table guest_channels = CHANNEL_TABLE_EMPTY;

static uint64_t opening_count; /* makes each unknown word another one */
static uint64_t unnamed_count;

/* What a descriptor was found to be; keys of 0: none. */
struct identity {
	uint64_t in;
	uint64_t out;
	bool is_final; /* or does it depend on what is yet to be connected? */
};

/* --- Names of sockets --------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage room;
};

static bool read_address(long call, int descriptor, union address *address, socklen_t *size_bytes)
{
	*size_bytes = sizeof(*address);
	return kernel_call3(call, descriptor, address, size_bytes) == 0;
}

static uint32_t port_of(const union address *address)
{
	return __builtin_bswap16(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
								    : address->v4.sin_port);
}

/* In network order; an address of version 6 that is no mapped one is folded. */
static uint32_t host_of(const union address *address)
{
	const uint32_t *words = address->v6.sin6_addr.s6_addr32;

	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr;
	return words[0] || words[1] || words[3] == __builtin_bswap32(1)
		       ? words[0] ^ words[1] ^ words[2] ^ words[3]
		       : words[3];
}

/* Is the other end on this machine? */
static bool is_near(const union address *own, const union address *peer)
{
	uint32_t a = host_of(own);
	uint32_t b = host_of(peer);

	return a == b || ((a & 0xff) == 127 && (b & 0xff) == 127);
}

/* 0 for a socket without a name. */
static uint64_t unix_key(const union address *address, socklen_t size_bytes)
{
	size_t start = offsetof(struct sockaddr_un, sun_path);
	const char *name = address->local.sun_path;
	bool is_path = size_bytes > start && name[0];
	uint64_t hash = 0;

	if (size_bytes <= start)
		return 0;
	/* A path may be told with its end or without. */
	for (size_t i = 0; i < size_bytes - start && !(is_path && !name[i]); i++)
		hash = hash_mix(hash ^ (unsigned char)name[i]) + i;
	return CHANNEL_KEY(KEY_UNIX, hash | 1);
}

static uint64_t tcp_key(uint32_t from, uint32_t to)
{
	return CHANNEL_KEY(KEY_TCP, (uint64_t)from << 16 | to);
}

/* --- What is behind a number? --------------------------------------------------- */

/* Both ends in other hands? */
static bool is_foreign_peer(int descriptor)
{
	struct ucred peer = {0};
	socklen_t size_bytes = sizeof(peer);
	long pid = kernel_call0(SYS_getpid);

	return kernel_call6(SYS_getsockopt, descriptor, SOL_SOCKET, SO_PEERCRED, (long)&peer,
			    (long)&size_bytes, 0) == 0 &&
	       peer.pid != 0 && peer.pid != pid && peer.pid != kernel_call0(SYS_getppid);
}

static void identify_unix(int descriptor, const union address *own, socklen_t own_bytes,
			  struct identity *identity)
{
	union address peer;
	socklen_t peer_bytes;
	uint64_t own_key = unix_key(own, own_bytes);
	uint64_t peer_key = 0;

	identity->is_final = read_address(SYS_getpeername, descriptor, &peer, &peer_bytes);
	if (identity->is_final && is_foreign_peer(descriptor))
		return;
	if (identity->is_final)
		peer_key = unix_key(&peer, peer_bytes);
	if (!own_key && !peer_key)
		own_key = CHANNEL_KEY(KEY_UNIX, 0);
	identity->in = own_key ? own_key : peer_key;
	identity->out = peer_key ? peer_key : own_key;
}

static void identify_internet(int descriptor, const union address *own, struct identity *identity)
{
	union address peer;
	socklen_t size_bytes;
	int type = 0;
	socklen_t type_bytes = sizeof(type);
	bool is_connected = read_address(SYS_getpeername, descriptor, &peer, &size_bytes);

	kernel_call6(SYS_getsockopt, descriptor, SOL_SOCKET, SO_TYPE, (long)&type,
		     (long)&type_bytes, 0);
	if (type != SOCK_STREAM) {
		identity->is_final = is_connected || port_of(own);
		identity->in = CHANNEL_KEY(KEY_UDP, port_of(own));
		if (is_connected)
			identity->out = CHANNEL_KEY(KEY_UDP, port_of(&peer));
		return;
	}
	identity->is_final = is_connected;
	if (!is_connected) {
		identity->in = tcp_key(0, port_of(own));
	} else if (is_near(own, &peer)) {
		identity->in = tcp_key(port_of(&peer), port_of(own));
		identity->out = tcp_key(port_of(own), port_of(&peer));
	}
}

static void identify_socket(int descriptor, uint64_t inode, struct identity *identity)
{
	const struct channel *told = channel_find(&guest_channels, CHANNEL_KEY(KEY_SOCKET, inode));
	union address own;
	socklen_t size_bytes;

	identity->is_final = true;
	if (told && told->peer) {
		identity->in = told->key;
		identity->out = told->peer;
		return;
	}
	if (!read_address(SYS_getsockname, descriptor, &own, &size_bytes))
		return;
	if (own.any.sa_family == AF_UNIX)
		identify_unix(descriptor, &own, size_bytes, identity);
	else if (own.any.sa_family == AF_INET || own.any.sa_family == AF_INET6)
		identify_internet(descriptor, &own, identity);
}

#define STANDARD_COUNT 3

static uint64_t standard_inodes[STANDARD_COUNT];

static bool is_standard(const struct stat *status)
{
	bool is_pipe_or_socket = S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode);

	for (unsigned i = 0; i < STANDARD_COUNT; i++)
		if (is_pipe_or_socket && standard_inodes[i] == status->st_ino)
			return true;
	return false;
}

/* False if there is no such descriptor. */
static bool identify(int descriptor, struct identity *identity)
{
	struct stat status;

	*identity = (struct identity){.is_final = true};
	if (kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return false;
	if (S_ISFIFO(status.st_mode))
		identity->in = CHANNEL_KEY(KEY_PIPE, hash_mix(status.st_dev) ^ status.st_ino);
	else if (S_ISSOCK(status.st_mode))
		identify_socket(descriptor, status.st_ino, identity);
	else if (!(status.st_mode & S_IFMT))
		identity->in = CHANNEL_KEY(KEY_UNNAMED, 0);
	if (!S_ISSOCK(status.st_mode))
		identity->out = identity->in;
	if (is_standard(&status))
		*identity = (struct identity){.is_final = true};
	return true;
}

void descriptors_begin(void)
{
	struct stat status[STANDARD_COUNT] = {0};

	for (unsigned i = 0; i < STANDARD_COUNT; i++)
		if (kernel_call2(SYS_fstat, i, &status[i]) != 0)
			status[i].st_ino = 0;
	/* What comes in again where it goes out is a channel. */
	for (unsigned i = 0; i < STANDARD_COUNT; i++)
		if (i > 0 ? status[i].st_ino != status[0].st_ino
			  : status[0].st_ino != status[1].st_ino &&
				    status[0].st_ino != status[2].st_ino)
			standard_inodes[i] = status[i].st_ino;
}

/* --- What is kept ----------------------------------------------------------------- */

struct ends {
	struct channel *in;
	struct channel *out;
};

/* Is this a child that runs in our memory, but has descriptors of its own? */
static bool is_borrowed(void)
{
	return process_is_borrowed();
}

static uint64_t unknown_word(void)
{
	/* relaxed: only that no two are the same counts. */
	return (fetch_add_relaxed(&opening_count, 1u) << 2) | DESCRIPTOR_UNKNOWN;
}

static uint64_t word_of(const struct ends *ends)
{
	if (!ends->in && !ends->out)
		return DESCRIPTOR_NO_CHANNEL;
	return (uint64_t)(ends->out ? ends->out->number : 0) << 33 |
	       (uint64_t)(ends->in ? ends->in->number : 0) << 2 | DESCRIPTOR_CHANNEL;
}

static struct ends ends_of(uint64_t word)
{
	return (struct ends){
		.in = channel_by_number(&guest_channels, (uint32_t)(word >> 2) & 0x7fffffffu),
		.out = channel_by_number(&guest_channels, (uint32_t)(word >> 33)),
	};
}

static void hold(const struct ends *ends)
{
	if (ends->in)
		channel_hold_again(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_hold_again(&guest_channels, ends->out);
}

static void release(const struct ends *ends)
{
	if (ends->in)
		channel_release(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_release(&guest_channels, ends->out);
}

/* Keeps @ends for @descriptor if its word still is @expected. */
static void keep(int descriptor, uint64_t expected, const struct ends *ends)
{
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || is_borrowed())
		return;
	hold(ends);
	if (!compare_exchange_acq_rel(&descriptor_words[descriptor], &expected, word_of(ends)))
		release(ends);
}

/* Nothing is known of it any more.  Returns what was. */
static uint64_t forget(int descriptor)
{
	uint64_t word = exchange_acq_rel(&descriptor_words[descriptor], unknown_word());

	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL) {
		struct ends ends = ends_of(word);

		release(&ends);
	}
	return word;
}

static struct ends find_ends(struct thread *thread, int descriptor)
{
	/* acquire: pairs with keep(). */
	uint64_t word = (unsigned)descriptor < DESCRIPTORS_KEPT
				? load_acquire(&descriptor_words[descriptor])
				: DESCRIPTOR_UNKNOWN;
	struct identity identity;
	struct ends ends = {0};

	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL)
		return ends_of(word);
	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_NO_CHANNEL || !identify(descriptor, &identity))
		return ends;
	if (identity.in)
		ends.in = channel_get(&guest_channels, thread, identity.in);
	if (identity.out)
		ends.out = channel_get(&guest_channels, thread, identity.out);
	if (identity.is_final)
		keep(descriptor, word, &ends);
	return ends;
}

/* --- Edges -------------------------------------------------------------------------- */

static void give(struct guest_thread *self, struct channel *channel)
{
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
}

static void take(struct guest_thread *self, struct channel *channel)
{
	if (!channel)
		return;
	channel_take(&guest_detector, self->thread, channel);
	if (channel->takes_signals)
		signals_take_all(self);
}

void descriptor_give(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give(self, find_ends(self->thread, descriptor).out);
	guest_leave(self);
}

void descriptor_take(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	take(self, find_ends(self->thread, descriptor).in);
	guest_leave(self);
}

static uint64_t key_of_address(int descriptor, const struct sockaddr *address, size_t size_bytes)
{
	int type = 0;
	socklen_t type_bytes = sizeof(type);
	union address copy = {0};

	if (size_bytes < sizeof(address->sa_family) || size_bytes > sizeof(copy))
		return 0;
	memcpy(&copy, address, size_bytes);
	if (copy.any.sa_family == AF_UNIX)
		return unix_key(&copy, (socklen_t)size_bytes);
	if (copy.any.sa_family != AF_INET && copy.any.sa_family != AF_INET6)
		return 0;
	kernel_call6(SYS_getsockopt, descriptor, SOL_SOCKET, SO_TYPE, (long)&type,
		     (long)&type_bytes, 0);
	return type == SOCK_STREAM ? tcp_key(0, port_of(&copy))
				   : CHANNEL_KEY(KEY_UDP, port_of(&copy));
}

void descriptor_sends(int descriptor, const struct sockaddr *address, size_t size_bytes)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	uint64_t key;

	if (!self)
		return;
	key = address ? key_of_address(descriptor, address, size_bytes) : 0;
	if (key)
		give(self, channel_get(&guest_channels, self->thread, key));
	guest_leave(self);
}

void descriptor_watched(int watcher, int descriptor)
{
	struct guest_thread *self = guest_enter();
	struct ends ends;
	struct ends watching;

	if (!self)
		return;
	ends = find_ends(self->thread, descriptor);
	watching = find_ends(self->thread, watcher);
	if (ends.in && watching.in)
		channel_watch(&guest_detector, self->thread, ends.in, watching.in);
	give(self, watching.out);
	guest_leave(self);
}

void descriptor_has_waited(int watcher)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take(self, find_ends(self->thread, watcher).in);
	take(self, channel_find(&guest_channels, CHANNEL_WATCHED_WIDELY));
	/* A signalfd that is watched says nothing when it gets ready. */
	signals_take_all(self);
	guest_leave(self);
}

/* --- Lives of numbers ------------------------------------------------------------------ */

void descriptor_began(int descriptor)
{
	if ((unsigned)descriptor < DESCRIPTORS_KEPT && !is_borrowed())
		(void)forget(descriptor);
}

void descriptor_closes(int descriptor)
{
	if (descriptor_is_watched(descriptor))
		descriptor_give(descriptor);
	descriptor_began(descriptor);
}

void descriptor_closes_range(unsigned first, unsigned last)
{
	for (unsigned i = first; i < DESCRIPTORS_KEPT && i <= last; i++)
		/* relaxed: as in descriptor_is_watched(). */
		if ((load_relaxed(&descriptor_words[i]) & DESCRIPTOR_STATE) != DESCRIPTOR_UNKNOWN)
			descriptor_closes((int)i);
}

void descriptor_copied(int descriptor, int copy)
{
	uint64_t word = (unsigned)descriptor < DESCRIPTORS_KEPT
				? load_acquire(&descriptor_words[descriptor])
				: DESCRIPTOR_UNKNOWN;
	struct ends ends;

	descriptor_began(copy);
	if ((unsigned)copy >= DESCRIPTORS_KEPT || (word & DESCRIPTOR_STATE) == DESCRIPTOR_UNKNOWN)
		return;
	ends = (word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL ? ends_of(word) : (struct ends){0};
	keep(copy, load_acquire(&descriptor_words[copy]), &ends);
}

/* The thread may not be known yet. */
static struct channel *get_channel(uint64_t key)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel =
		channel_get(&guest_channels, self ? self->thread : NULL, key);

	if (self)
		guest_leave(self);
	return channel;
}

void descriptor_unnamed(int descriptor, bool takes_signals)
{
	/* relaxed: only that no two are the same counts. */
	uint64_t number = fetch_add_relaxed(&unnamed_count, 1u) + 1;
	struct ends ends = {0};

	descriptor_began(descriptor);
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || is_borrowed())
		return;
	ends.in = get_channel(CHANNEL_KEY(KEY_UNNAMED, number));
	if (!ends.in)
		return;
	ends.in->takes_signals = takes_signals;
	ends.out = ends.in;
	keep(descriptor, load_acquire(&descriptor_words[descriptor]), &ends);
}

static struct channel *received_by(int descriptor)
{
	struct stat status;

	if (kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return NULL;
	return get_channel(CHANNEL_KEY(KEY_SOCKET, status.st_ino));
}

void descriptor_pair(int first, int second)
{
	struct ends ends = {received_by(first), received_by(second)};
	struct ends reverse = {ends.out, ends.in};

	descriptor_began(first);
	descriptor_began(second);
	if (!ends.in || !ends.out || is_borrowed())
		return;
	ends.in->peer = ends.out->key;
	ends.out->peer = ends.in->key;
	if ((unsigned)first < DESCRIPTORS_KEPT)
		keep(first, load_acquire(&descriptor_words[first]), &ends);
	if ((unsigned)second < DESCRIPTORS_KEPT)
		keep(second, load_acquire(&descriptor_words[second]), &reverse);
}
