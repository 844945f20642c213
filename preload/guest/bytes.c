/*
 * Our own memcpy and its kin, which use general registers only.
 *
 * A check of a memory access interrupts code that uses vector registers, and
 * must not change them.  The C library's functions do.  Compilers insert calls
 * of memcpy by themselves, so these replace it in the whole library.  They are
 * hidden: the program keeps the C library's.
 */
#include <string.h>

#include "base/arch/arch.h"
#include "base/types.h"

/* Keeps the compiler from turning a loop into a call of the function itself. */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* From this size on, rep movsb is faster than a loop. */
#define LONG_BYTES 256

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *at = to;
	const unsigned char *source = from;

	if (size >= LONG_BYTES) {
		arch_copy(to, from, size);
		return to;
	}
	for (; size >= sizeof(word); size -= sizeof(word)) {
		*(word *)at = *(const word *)source;
		at += sizeof(word);
		source += sizeof(word);
		OPAQUE(at);
	}
	for (; size; size--) {
		*at++ = *source++;
		OPAQUE(at);
	}
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *at = (unsigned char *)to + size;
	const unsigned char *source = (const unsigned char *)from + size;

	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	for (; size >= sizeof(word); size -= sizeof(word)) {
		at -= sizeof(word);
		source -= sizeof(word);
		*(word *)at = *(const word *)source;
		OPAQUE(at);
	}
	for (; size; size--) {
		*--at = *--source;
		OPAQUE(at);
	}
	return to;
}

void *memset(void *to, int value, size_t size)
{
	unsigned char *at = to;
	uint64_t pattern = (unsigned char)value * 0x0101010101010101u;

	if (size >= LONG_BYTES) {
		arch_fill(to, value, size);
		return to;
	}
	for (; size >= sizeof(word); size -= sizeof(word)) {
		*(word *)at = pattern;
		at += sizeof(word);
		OPAQUE(at);
	}
	for (; size; size--) {
		*at++ = (unsigned char)value;
		OPAQUE(at);
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a;
	const unsigned char *right = b;

	for (; size; size--, left++, right++) {
		if (*left != *right)
			return *left - *right;
		OPAQUE(left);
	}
	return 0;
}

void *memchr(const void *in, int value, size_t size)
{
	const unsigned char *at = in;

	for (; size; size--, at++) {
		if (*at == (unsigned char)value)
			return (void *)(uintptr_t)at;
		OPAQUE(at);
	}
	return NULL;
}

size_t strnlen(const char *text, size_t most)
{
	size_t length = 0;

	for (; length < most && text[length]; length++)
		OPAQUE(length);
	return length;
}

size_t strlen(const char *text)
{
	return strnlen(text, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t most)
{
	for (; most; most--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
		OPAQUE(a);
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *text, int value)
{
	for (;; text++) {
		if (*text == (char)value)
			return (char *)(uintptr_t)text;
		if (!*text)
			return NULL;
		OPAQUE(text);
	}
}

char *strrchr(const char *text, int value)
{
	const char *last = NULL;

	do {
		if (*text == (char)value)
			last = text;
		OPAQUE(text);
	} while (*text++);
	return (char *)(uintptr_t)last;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t length = strnlen(from, size);

	memcpy(to, from, length);
	memset(to + length, 0, size - length);
	return to;
}
