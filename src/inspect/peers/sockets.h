/* The other end of a socket. */
#ifndef INSPECT_PEERS_SOCKETS_H
#define INSPECT_PEERS_SOCKETS_H

#include "base/types.h"

#define SOCKET_ADDRESS_BYTES 64u

/* The inode of the socket that @inode is connected with on this machine; 0: none, or not
 * known.  @remote is the address of one elsewhere, or "". */
uint64_t socket_peer(uint64_t inode, char remote[SOCKET_ADDRESS_BYTES]);

#endif
