/*
 * Text that is built in a buffer.  What does not fit is cut off; it is always
 * terminated.
 */
#ifndef PRELOAD_GUEST_TEXT_H
#define PRELOAD_GUEST_TEXT_H

#include <string.h>

#include "base/types.h"

struct text {
	char *buffer;
	size_t size_bytes;
	size_t length;
};

static inline struct text text_begin(char *buffer, size_t size_bytes)
{
	buffer[0] = '\0';
	return (struct text){buffer, size_bytes, 0};
}

static inline void text_add(struct text *text, const char *piece)
{
	size_t length = strlen(piece);
	size_t room = text->size_bytes - text->length - 1;

	if (length > room)
		length = room;
	memcpy(text->buffer + text->length, piece, length);
	text->length += length;
	text->buffer[text->length] = '\0';
}

static inline void text_add_number(struct text *text, uint64_t number)
{
	char digits[24];
	size_t first = sizeof(digits) - 1;

	digits[first] = '\0';
	do
		digits[--first] = (char)('0' + number % 10);
	while (number /= 10);
	text_add(text, digits + first);
}

static inline void text_add_hexadecimal(struct text *text, uint64_t number)
{
	char digits[17];
	size_t first = sizeof(digits) - 1;

	digits[first] = '\0';
	do
		digits[--first] = "0123456789abcdef"[number & 15];
	while (number >>= 4);
	text_add(text, digits + first);
}

static inline void text_set(char *buffer, size_t size_bytes, const char *from)
{
	struct text text = text_begin(buffer, size_bytes);

	text_add(&text, from);
}

#endif
