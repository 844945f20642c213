#include "reports/symbols/md5.h"

#include <string.h>

#define BLOCK_BYTES 64u
#define ROUND_STEPS 16u

/* clang-format off */
static const uint32_t added[4 * ROUND_STEPS] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};
/* clang-format on */

static const unsigned char rotated_by[4][4] = {
	{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate_left(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

/* What round @round makes of three of the words. */
static uint32_t mix_words(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0:
		return (b & c) | (~b & d);
	case 1:
		return (b & d) | (c & ~d);
	case 2:
		return b ^ c ^ d;
	default:
		return c ^ (b | ~d);
	}
}

/* Which word of the block step @i of round @round takes. */
static unsigned choose_word(unsigned round, unsigned i)
{
	static const unsigned char factors[4] = {1, 5, 3, 7};
	static const unsigned char starts[4] = {0, 1, 5, 0};

	return (factors[round] * i + starts[round]) % ROUND_STEPS;
}

static void add_block(uint32_t state[4], const unsigned char *block)
{
	uint32_t words[ROUND_STEPS];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	memcpy(words, block, sizeof(words));
	for (unsigned i = 0; i < 4 * ROUND_STEPS; i++) {
		unsigned round = i / ROUND_STEPS;
		uint32_t sum = a + mix_words(round, b, c, d) + added[i] +
			       words[choose_word(round, i % ROUND_STEPS)];

		a = d;
		d = c;
		c = b;
		b += rotate_left(sum, rotated_by[round][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5_of(const void *data, size_t size_bytes, unsigned char digest[MD5_BYTES])
{
	uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	const unsigned char *bytes = data;
	size_t whole = size_bytes - size_bytes % BLOCK_BYTES;
	size_t rest = size_bytes - whole;
	unsigned char last[2 * BLOCK_BYTES] = {0};
	size_t last_bytes = rest + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
	uint64_t bits = (uint64_t)size_bytes * 8;

	for (size_t at = 0; at < whole; at += BLOCK_BYTES)
		add_block(state, bytes + at);
	if (rest)
		memcpy(last, bytes + whole, rest);
	last[rest] = 0x80;
	memcpy(last + last_bytes - sizeof(bits), &bits, sizeof(bits));
	for (size_t at = 0; at < last_bytes; at += BLOCK_BYTES)
		add_block(state, last + at);
	memcpy(digest, state, MD5_BYTES);
}
