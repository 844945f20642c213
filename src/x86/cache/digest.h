/*
 * Digests of many bytes, as fast as memory gives them: a checksum of a file, a name
 * for what a file holds.
 *
 * Each of four lanes takes every fourth word by a step that can be undone, so that a
 * change of a single word always changes the digest.  No protection against somebody who
 * looks for bytes of equal digest.
 */
#ifndef X86_CACHE_DIGEST_H
#define X86_CACHE_DIGEST_H

#include "base/types.h"

#define DIGEST_LANES 4u

struct digest {
	uint64_t lanes[DIGEST_LANES];
};

void digest_begin(struct digest *digest);

/* Appends @size_bytes bytes, and how many they are. */
void digest_add(struct digest *digest, const void *bytes, size_t size_bytes);

/* All that was added, in two words. */
void digest_end(const struct digest *digest, uint64_t words[2]);

#endif
