#include "x86/decode/locked.h"

#include <string.h>

#include "x86/decode/decode.h"

#define LOCK_PREFIX 0xf0
#define REX 4u /* the upper half of such a prefix */
#define BYTES_MOST 4 /* looked at behind a lock prefix */
#define MANY_KNOWN 64u /* instructions in a row: data never looks like so many */

/* mfence, whose last byte is that of a lock prefix. */
static const unsigned char fence[] = {0x0f, 0xae, 0xf0};

static bool is_locked_of_two_bytes(unsigned int second)
{
	return second == 0xb0 || second == 0xb1 || second == 0xc0 || second == 0xc1 ||
	       second == 0xc7 || second == 0xab || second == 0xb3 || second == 0xbb ||
	       second == 0xba;
}

/* Whether the instruction behind a lock prefix may have one. */
static bool may_be_locked(const unsigned char *bytes)
{
	const unsigned char *opcode = bytes + (bytes[0] >> 4 == REX);

	if (opcode[0] == 0x0f)
		return is_locked_of_two_bytes(opcode[1]);
	return (opcode[0] < 0x34 && (opcode[0] & 7) < 2) || opcode[0] == 0x80 ||
	       opcode[0] == 0x81 || opcode[0] == 0x83 || opcode[0] == 0xf6 || opcode[0] == 0xf7 ||
	       opcode[0] == 0xfe || opcode[0] == 0xff;
}

bool locked_is_fence(const unsigned char *bytes, size_t length)
{
	return length == sizeof(fence) && memcmp(bytes, fence, sizeof(fence)) == 0;
}

uint32_t locked_count(const unsigned char *bytes, size_t count, uint32_t most)
{
	const unsigned char *begin = bytes;
	const unsigned char *end = bytes + count;
	uint32_t found = 0;

	while (found < most && (bytes = memchr(bytes, LOCK_PREFIX, (size_t)(end - bytes)))) {
		if (end - ++bytes < BYTES_MOST)
			break;
		found += may_be_locked(bytes) ||
			 (bytes - begin >= (ptrdiff_t)sizeof(fence) &&
			  locked_is_fence(bytes - sizeof(fence), sizeof(fence)));
	}
	return found;
}

uint32_t locked_decoded(const struct decoder *decoder, const unsigned char *bytes, size_t count)
{
	struct instruction instruction;
	uint32_t found = 0;

	for (size_t at = 0; at < count; at += instruction.length) {
		bool is_known = instruction_decode(decoder, bytes + at, count - at, (uint32_t)at,
						   &instruction);

		found += is_known ? (instruction.memory & MEMORY_LOCKED) != 0
				  : bytes[at] == LOCK_PREFIX;
	}
	return found;
}

/* By a prefix: an xchg is one byte, which data may well have. */
static bool has_lock_prefix(const struct instruction *instruction, const unsigned char *bytes)
{
	return instruction->memory & MEMORY_LOCKED &&
	       (bytes[0] == LOCK_PREFIX || bytes[1] == LOCK_PREFIX);
}

uint32_t locked_among_data(const struct decoder *decoder, const unsigned char *bytes, size_t count)
{
	struct instruction instruction;
	uint32_t found = 0, locked = 0, known = 0;
	bool is_all_known = true;

	for (size_t at = 0; at < count; at += instruction.length) {
		if (instruction_decode(decoder, bytes + at, count - at, (uint32_t)at,
				       &instruction)) {
			locked += has_lock_prefix(&instruction, bytes + at);
			known++;
			continue;
		}
		found += known >= MANY_KNOWN ? locked : 0;
		locked = known = 0;
		is_all_known = false;
	}
	return found + (is_all_known || known >= MANY_KNOWN ? locked : 0);
}
