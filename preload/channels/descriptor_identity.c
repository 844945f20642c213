#define _GNU_SOURCE
#include "preload/channels/descriptor_identity.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "preload/channels/descriptors.h"

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

/* In network order.  An IPv6 address that maps no IPv4 address is folded to 32 bits. */
static uint32_t host_of(const union address *address)
{
	const uint32_t *words = address->v6.sin6_addr.s6_addr32;

	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr;
	return words[0] || words[1] || words[3] == __builtin_bswap32(1)
		       ? words[0] ^ words[1] ^ words[2] ^ words[3]
		       : words[3];
}

/* Is the peer on this machine? */
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
	/* A path may be given with its zero or without. */
	for (size_t i = 0; i < size_bytes - start && !(is_path && !name[i]); i++)
		hash = hash_mix(hash ^ (unsigned char)name[i]) + i;
	return CHANNEL_KEY(KEY_UNIX, hash | 1);
}

static uint64_t tcp_key(uint32_t from, uint32_t to)
{
	return CHANNEL_KEY(KEY_TCP, (uint64_t)from << 16 | to);
}

/* Is the peer another process than this one and its parent? */
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

bool identity_find(int descriptor, struct identity *identity)
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
	/* If input and output are the same object, it is a channel. */
	for (unsigned i = 0; i < STANDARD_COUNT; i++)
		if (i > 0 ? status[i].st_ino != status[0].st_ino
			  : status[0].st_ino != status[1].st_ino &&
				    status[0].st_ino != status[2].st_ino)
			standard_inodes[i] = status[i].st_ino;
}

uint64_t identity_of_address(int descriptor, const struct sockaddr *address, size_t size_bytes)
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
