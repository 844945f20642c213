/*
 * A cursor over the bytes of an unwind table.
 *
 * Reading past the end yields zeroes and sets @overran, so that a decoder may
 * take a whole record and ask once whether it was there.
 */
#ifndef UNWIND_BYTES_H
#define UNWIND_BYTES_H

#include <string.h>

#include "base/types.h"

struct byte_cursor {
	const unsigned char *at;
	const unsigned char *end;
	bool overran;
};

static inline size_t cursor_left(const struct byte_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline void cursor_skip(struct byte_cursor *cursor, uint64_t count)
{
	if (count > cursor_left(cursor)) {
		cursor->overran = true;
		cursor->at = cursor->end;
		return;
	}
	cursor->at += count;
}

/* A little-endian number of @size_bytes (at most 8). */
static inline uint64_t cursor_take(struct byte_cursor *cursor, size_t size_bytes)
{
	uint64_t value = 0;

	if (size_bytes > cursor_left(cursor)) {
		cursor_skip(cursor, size_bytes);
		return 0;
	}
	memcpy(&value, cursor->at, size_bytes);
	cursor->at += size_bytes;
	return value;
}

static inline uint8_t cursor_take_byte(struct byte_cursor *cursor)
{
	if (cursor->at == cursor->end) {
		cursor->overran = true;
		return 0;
	}
	return *cursor->at++;
}

/* As above, sign-extended. */
static inline int64_t cursor_take_signed(struct byte_cursor *cursor, size_t size_bytes)
{
	unsigned int unused_bits = 64 - 8 * (unsigned int)size_bytes;

	return (int64_t)(cursor_take(cursor, size_bytes) << unused_bits) >> unused_bits;
}

static inline uint64_t cursor_take_uleb(struct byte_cursor *cursor)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = cursor_take_byte(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static inline int64_t cursor_take_sleb(struct byte_cursor *cursor)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = cursor_take_byte(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	return (int64_t)value;
}

#endif
