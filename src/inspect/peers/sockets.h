/* The other end of a socket. */
#ifndef INSPECT_PEERS_SOCKETS_H
#define INSPECT_PEERS_SOCKETS_H

#include "base/types.h"

#define SOCKET_ADDRESS_BYTES 64u

struct socket_end {
	uint64_t peer;			   /* the inode of the other end here; 0: not known */
	char remote[SOCKET_ADDRESS_BYTES]; /* the address of one elsewhere, or "" */
	bool listens;
	char local[SOCKET_ADDRESS_BYTES]; /* where it listens, or "" */
};

/* What socket @inode of this machine is connected with, or where it listens. */
struct socket_end socket_find(uint64_t inode);

#endif
