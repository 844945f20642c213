/*
 * Marks: places in memory that somebody remembers, as a filter with a bit for each piece.
 *
 * Who allocates or frees memory does not know what others remember of it; mostly no bit is
 * set there, and nothing has to be looked for.  Bits may belong to several places, so a mark
 * alone says little.
 */
#ifndef DETECT_DATA_MARKS_H
#define DETECT_DATA_MARKS_H

#include "base/atomic.h"
#include "base/types.h"

#define MARK_SHIFT 4 /* of a piece's bytes */
#define MARK_WORDS 64u

struct marks {
	uint64_t words[MARK_WORDS];
};

/* Any thread may, at any time. */
void marks_put(struct marks *marks, uintptr_t address);

/* Is a piece of [start, start + size_bytes) marked? */
bool marks_find(const struct marks *marks, uintptr_t start, size_t size_bytes);

/* The same for the piece of @address. */
static inline bool marks_has(const struct marks *marks, uintptr_t address)
{
	/* relaxed: what is put meanwhile may be missed. */
	return load_relaxed(&marks->words[(address >> MARK_SHIFT) / 64 % MARK_WORDS]) >>
		       (address >> MARK_SHIFT) % 64 & 1;
}

/* Takes back the marks of these pieces, and of others in the same words: who has put those
 * does it again. */
void marks_take(struct marks *marks, uintptr_t start, size_t size_bytes);

#endif
