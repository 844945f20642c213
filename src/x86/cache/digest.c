#include "x86/cache/digest.h"

#include <string.h>

#include "base/hash.h"

#define MULTIPLIER 0x9e3779b97f4a7c15ull /* odd: the step can be undone */
#define BLOCK_BYTES (DIGEST_LANES * sizeof(uint64_t))

static inline uint64_t step(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * MULTIPLIER;
	return lane << 29 | lane >> 35;
}

void digest_begin(struct digest *digest)
{
	for (unsigned i = 0; i < DIGEST_LANES; i++)
		digest->lanes[i] = hash_mix(i + 1);
}

static inline void add_block(struct digest *digest, const unsigned char *bytes)
{
	uint64_t words[DIGEST_LANES];

	memcpy(words, bytes, sizeof(words));
	/* A loop would have the lanes in memory, which takes twice as long. */
	digest->lanes[0] = step(digest->lanes[0], words[0]);
	digest->lanes[1] = step(digest->lanes[1], words[1]);
	digest->lanes[2] = step(digest->lanes[2], words[2]);
	digest->lanes[3] = step(digest->lanes[3], words[3]);
}

void digest_add(struct digest *digest, const void *bytes, size_t size_bytes)
{
	struct digest lanes = *digest; /* in registers */
	const unsigned char *at = bytes;
	unsigned char last[BLOCK_BYTES] = {0};
	size_t left = size_bytes;

	for (; left >= BLOCK_BYTES; left -= BLOCK_BYTES, at += BLOCK_BYTES)
		add_block(&lanes, at);
	if (left)
		memcpy(last, at, left);
	add_block(&lanes, last);
	lanes.lanes[0] = step(lanes.lanes[0], size_bytes);
	*digest = lanes;
}

void digest_end(const struct digest *digest, uint64_t words[2])
{
	const uint64_t *lanes = digest->lanes;

	words[0] = hash_mix(lanes[0]) ^ hash_mix(lanes[1] + 1) * 3 ^ hash_mix(lanes[2] + 2) * 5 ^
		   hash_mix(lanes[3] + 3) * 7;
	words[1] = hash_mix(words[0] + lanes[0]) ^ hash_mix(lanes[3] + 4) ^
		   hash_mix(lanes[1] ^ lanes[2] << 1);
}
