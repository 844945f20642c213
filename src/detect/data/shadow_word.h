/*
 * Shadow words: what is remembered of one granule (8 aligned bytes of the program's
 * memory), who wrote it last, or who read it last.
 *
 *   plain word   slot 12 | epoch 40 | form 4 | bytes 8
 *
 * 'bytes' has a bit for each byte of the granule that was accessed.  The form
 * tells what the upper 52 bits are: SHADOW_PLAIN as above; otherwise a number:
 * of a record for what one word cannot say.
 *
 * A thread's current word is what it would write for a whole granule: its slot, its
 * epoch, and all eight bytes.  The checks in cloned code compare with it: an equal
 * word means that nothing is new (Flanagan and Freund, "FastTrack", PLDI 2009,
 * section 3: same epoch).
 *
 * 0: not accessed since its memory began its present life.
 */
#ifndef DETECT_DATA_SHADOW_WORD_H
#define DETECT_DATA_SHADOW_WORD_H

#include "base/shadow_place.h"
#include "base/types.h"

#define SHADOW_ALL_BYTES 0xffu
#define SHADOW_FORM_SHIFT 8
#define SHADOW_EPOCH_SHIFT 12
#define SHADOW_SLOT_SHIFT 52
#define SHADOW_EPOCH_BITS 40
#define SHADOW_EPOCH_MAX ((1ull << SHADOW_EPOCH_BITS) - 1)
#define SHADOW_EPOCH_MARK_BITS 2 /* lowest ones, that may be marks: base/clock.h */
#define SHADOW_EPOCH_MARKS ((1u << SHADOW_EPOCH_MARK_BITS) - 1)
#define SHADOW_SLOT_MAX 4094u /* 4095 is not used */

/* The current word of a thread that has none (not known, or nothing recorded
 * since its last release): equal to no word in shadow memory. */
#define SHADOW_NO_EPOCH UINT64_MAX

enum shadow_form {
	SHADOW_PLAIN,
	SHADOW_CELLS,  /* several accesses to different bytes, or by several threads: cells.h */
	SHADOW_SET,    /* read word: one read by each thread of a set: read_set.h */
	SHADOW_ATOMIC, /* write word: the location synchronises: atomic.h */
	SHADOW_FREED,  /* write word: plain otherwise; the memory was freed then */
	SHADOW_BUSY,   /* a thread is changing what it names: cells.h, read_lines.h */
	SHADOW_LINES,  /* read word: each reader has a line of its own: read_lines.h */
	SHADOW_ASLEEP, /* read word: the slot of who has an atomic location alone: asleep.h */
};

static inline uint64_t shadow_plain(uint32_t slot, uint64_t epoch, uint32_t bytes)
{
	return (uint64_t)slot << SHADOW_SLOT_SHIFT | epoch << SHADOW_EPOCH_SHIFT | bytes;
}

static inline uint32_t shadow_slot(uint64_t word)
{
	return (uint32_t)(word >> SHADOW_SLOT_SHIFT);
}

static inline uint64_t shadow_epoch(uint64_t word)
{
	return word >> SHADOW_EPOCH_SHIFT & SHADOW_EPOCH_MAX;
}

/* Whether both have the same slot and epoch. */
static inline bool shadow_is_same_epoch(uint64_t word, uint64_t other)
{
	return (word ^ other) >> SHADOW_FORM_SHIFT == 0;
}

static inline uint32_t shadow_bytes(uint64_t word)
{
	return (uint32_t)word & SHADOW_ALL_BYTES;
}

/* How many bytes the mask @bytes has.  The compiler's popcount is a call to its
 * library on processors that might lack the instruction. */
static inline uint32_t shadow_byte_count(uint32_t bytes)
{
	bytes -= bytes >> 1 & 0x55u;
	bytes = (bytes & 0x33u) + (bytes >> 2 & 0x33u);
	return (bytes + (bytes >> 4)) & 0x0fu;
}

static inline enum shadow_form shadow_form(uint64_t word)
{
	return (enum shadow_form)(word >> SHADOW_FORM_SHIFT & 15u);
}

/* Does the read word @word say that the thread in @slot has an atomic location alone? */
static inline bool shadow_is_asleep_of(uint64_t word, uint32_t slot)
{
	return shadow_form(word) == SHADOW_ASLEEP && shadow_slot(word) == slot;
}

/* Of words that are not plain: the number of their record. */
static inline uint64_t shadow_number(uint64_t word)
{
	return word >> SHADOW_EPOCH_SHIFT;
}

#endif
