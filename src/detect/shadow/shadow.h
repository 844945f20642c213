/*
 * Shadow memory: what is remembered of each piece of the program's memory.
 *
 * Every granule (8 aligned bytes) has three shadow words of 64 bits, each in a
 * plane of its own at a computed address: who wrote it last, who read it last,
 * and from where (two 32-bit origins: of the write, of the read).  A word of 0
 * says: never, or not since its memory began its present life.
 *
 *   plain word   slot 12 | epoch 40 | form 4 | bytes 8
 *
 * 'bytes' has a bit for each byte of the granule that was accessed.  The form
 * tells what the upper 52 bits are: SHADOW_PLAIN as above; otherwise a number:
 * of a record for what one word cannot say.
 *
 * A thread's current word is what it would write for a whole granule: its
 * slot, its epoch, and all eight bytes.  A granule whose word equals it needs no
 * further look: this is what the checks in cloned code compare (Flanagan and
 * Freund, "FastTrack", PLDI 2009, section 3: same epoch).
 *
 * Planes are mapped without being backed: untouched shadow costs nothing.  The
 * program's memory is seen in three regions only (shadow_covers()), which is
 * where Linux puts it.
 */
#ifndef DETECT_SHADOW_SHADOW_H
#define DETECT_SHADOW_SHADOW_H

#include "base/atomic.h"
#include "base/types.h"

#define SHADOW_GRANULE 8u

/* Of cells.h: records, and a byte for each page of the program's memory. */
#define SHADOW_NARROW_CELLS 0x300000000000ull
#define SHADOW_WIDE_CELLS 0x301000000000ull
#define SHADOW_CELL_BYTES 0x800000000ull /* of each */
#define SHADOW_CELL_MARKS 0x302000000000ull
#define SHADOW_MARK_SHIFT 12

#define SHADOW_WRITE_BIT 46
#define SHADOW_READ_BIT 45

#define SHADOW_ALL_BYTES 0xffu
#define SHADOW_FORM_SHIFT 8
#define SHADOW_EPOCH_SHIFT 12
#define SHADOW_SLOT_SHIFT 52
#define SHADOW_EPOCH_BITS 40
#define SHADOW_EPOCH_MAX ((1ull << SHADOW_EPOCH_BITS) - 1)
#define SHADOW_SLOT_MAX 4094u /* 4095 is nobody's */

/* The current word of a thread that has none (not known, or nothing recorded
 * since its last release): equal to no word in shadow memory. */
#define SHADOW_NO_EPOCH UINT64_MAX

enum shadow_form {
	SHADOW_PLAIN,
	SHADOW_CELLS,  /* several accesses to different bytes, or by several threads: cells.h */
	SHADOW_SET,    /* read word: one read by each thread of a set: read_set.h */
	SHADOW_ATOMIC, /* write word: the location synchronises: atomic.h */
	SHADOW_FREED,  /* write word: plain otherwise; the memory was freed then */
	SHADOW_BUSY,   /* somebody is about to say something else: cells.h */
};

/* One region of the program's memory, [start, end). */
struct shadow_region {
	uintptr_t start;
	uintptr_t end;
};

#define SHADOW_REGION_COUNT 3u
#define SHADOW_LOW_END 0x100000000000ull
#define SHADOW_MIDDLE_START 0x550000000000ull
#define SHADOW_MIDDLE_END 0x570000000000ull
#define SHADOW_HIGH_START 0x7e0000000000ull
#define SHADOW_HIGH_END 0x800000000000ull

static inline bool shadow_covers(uintptr_t address)
{
	return address < SHADOW_LOW_END ||
	       address - SHADOW_MIDDLE_START < SHADOW_MIDDLE_END - SHADOW_MIDDLE_START ||
	       address - SHADOW_HIGH_START < SHADOW_HIGH_END - SHADOW_HIGH_START;
}

/* The origins of the last accesses to a granule: origin.h. */
struct shadow_origins {
	uint32_t write;
	uint32_t read;
};

/* Where a granule's words are.  @address is anywhere in the granule. */
struct shadow {
	uint64_t *write;
	uint64_t *read;
	struct shadow_origins *origins;
};

static inline struct shadow shadow_of(uintptr_t address)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);

	return (struct shadow){
		.write = (uint64_t *)(granule ^ 1ull << SHADOW_WRITE_BIT),
		.read = (uint64_t *)(granule ^ 1ull << SHADOW_READ_BIT),
		.origins = (struct shadow_origins *)(granule ^ (1ull << SHADOW_WRITE_BIT |
								1ull << SHADOW_READ_BIT)),
	};
}

/* Where a replay puts memory that does not exist; sanitizers are elsewhere. */
#define SHADOW_REPLAY_START 0x080000000000ull
#define SHADOW_REPLAY_END 0x080080000000ull

/*
 * Maps the planes of all regions, unbacked.  False if the kernel refuses (limits
 * on address space): there can be no observation of memory then.  A replay uses
 * a small part of the low region alone.
 */

bool shadow_reserve(bool low_only);

/* Forgets what was known of [start, start + size). */
void shadow_clear(uintptr_t start, size_t size_bytes);

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

/* Of words that are not plain: the number of their record. */
static inline uint64_t shadow_number(uint64_t word)
{
	return word >> SHADOW_EPOCH_SHIFT;
}

#endif
