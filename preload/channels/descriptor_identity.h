/* The channels that a descriptor stands for, as the kernel tells. */
#ifndef PRELOAD_CHANNELS_DESCRIPTOR_IDENTITY_H
#define PRELOAD_CHANNELS_DESCRIPTOR_IDENTITY_H

#include "base/types.h"

struct sockaddr;

/* Keys of channels; 0: none. */
struct identity {
	uint64_t in;   /* read from */
	uint64_t out;  /* written to */
	bool is_final; /* false: the socket may yet be bound or connected */
};

/* False if there is no such descriptor. */
bool identity_find(int descriptor, struct identity *identity);

/* The key of what @descriptor sends to @address; 0 if that is no channel. */
uint64_t identity_of_address(int descriptor, const struct sockaddr *address, size_t size_bytes);

#endif
