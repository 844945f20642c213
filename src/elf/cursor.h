/*
 * A cursor over bytes, which reads the numbers of DWARF.
 *
 * Reading past the end yields zeroes and sets 'failed', so that a decoder reads
 * a whole record and asks once whether it was there.
 */
#ifndef ELF_CURSOR_H
#define ELF_CURSOR_H

#include <string.h>

#include "base/types.h"

struct byte_cursor {
	const unsigned char *at, *end;
	bool failed;
	uint64_t bias; /* the address of a byte, less where the byte lies now */
};

static inline struct byte_cursor cursor_begin(const unsigned char *from, const unsigned char *end)
{
	return (struct byte_cursor){from, end, false, 0};
}

static inline uint64_t cursor_address(const struct byte_cursor *cursor)
{
	return (uintptr_t)cursor->at + cursor->bias;
}

static inline size_t cursor_left(const struct byte_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline void cursor_skip(struct byte_cursor *cursor, uint64_t count)
{
	if (count > cursor_left(cursor)) {
		cursor->failed = true;
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
		cursor->failed = true;
		return 0;
	}
	return *cursor->at++;
}

/* As cursor_take(), sign-extended. */
static inline int64_t cursor_take_signed(struct byte_cursor *cursor, size_t size_bytes)
{
	unsigned int unused_bits = 64 - 8 * (unsigned int)size_bytes;

	return (int64_t)(cursor_take(cursor, size_bytes) << unused_bits) >> unused_bits;
}

/* Seven bits a byte, the lowest first. */
static inline uint64_t cursor_take_leb(struct byte_cursor *cursor, bool is_signed)
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
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	return value;
}

static inline uint64_t cursor_take_uleb(struct byte_cursor *cursor)
{
	return cursor_take_leb(cursor, false);
}

static inline int64_t cursor_take_sleb(struct byte_cursor *cursor)
{
	return (int64_t)cursor_take_leb(cursor, true);
}

/* A block at @from: its length, of at most 10 bytes, then so many bytes.  They must
 * be there. */
static inline struct byte_cursor cursor_begin_block(const unsigned char *from)
{
	struct byte_cursor head = cursor_begin(from, from + 10);
	uint64_t length = cursor_take_uleb(&head);

	return cursor_begin(head.at, head.at + length);
}

#endif
