/* Hashes of numbers, for look-up tables and for keys put together of several. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/types.h"

/* Spreads what differs in @key over all bits (the finaliser of MurmurHash3). */
static inline uint64_t hash_mix(uint64_t key)
{
	key = (key ^ (key >> 33)) * 0xff51afd7ed558ccdu;
	key = (key ^ (key >> 33)) * 0xc4ceb9fe1a85ec53u;
	return key ^ (key >> 33);
}

/* The hash of a sequence that had @hash, with @value appended. */
static inline uint64_t hash_append(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

#endif
