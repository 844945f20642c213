/*
 * Shadow memory: what is remembered of each piece of the program's memory.
 *
 * Every granule (8 aligned bytes) has three shadow words of 64 bits, each in a
 * plane of its own at a computed address: who wrote it last, who read it last,
 * and from where (two 32-bit origins: of the write, of the read).  data/shadow_word.h
 * has what a word says.
 *
 * Planes are mapped without being backed: untouched shadow costs nothing.  The
 * program's memory is seen in three regions only (shadow_covers()), which is
 * where Linux puts it.
 */
#ifndef DETECT_SHADOW_SHADOW_H
#define DETECT_SHADOW_SHADOW_H

#include "base/atomic.h"
#include "base/shadow_place.h"
#include "base/types.h"
#include "detect/data/shadow_word.h"
#include "detect/shadow/claim.h"

/* Of cells.h: records, and a byte for each page of the program's memory. */
#define SHADOW_NARROW_CELLS 0x308100000000ull
#define SHADOW_WIDE_CELLS 0x309000000000ull
#define SHADOW_CELL_BYTES 0x800000000ull /* of each */
#define SHADOW_CELL_MARKS 0x30a000000000ull
#define SHADOW_MARK_SHIFT 12

/* Of read_lines.h. */
#define SHADOW_READ_LINES 0x30b000000000ull
#define SHADOW_READ_LINES_BYTES 0x4000000ull

/* Of summary.h. */
#define SHADOW_SUMMARIES 0x300000010000ull
#define SHADOW_SUMMARIES_END 0x308000020000ull

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

/* Where a granule's words are. */
struct shadow {
	uint64_t *write;
	uint64_t *read;
	struct shadow_origins *origins;
};

/* Of the granule that has @address.  The words may be older than runs of their pages. */
static inline struct shadow shadow_places(uintptr_t address)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);

	return (struct shadow){
		.write = (uint64_t *)SHADOW_WRITE_PLACE(granule),
		.read = (uint64_t *)SHADOW_READ_PLACE(granule),
		.origins = (struct shadow_origins *)SHADOW_ORIGIN_PLACE(granule),
	};
}

/* The same, where words speak for themselves. */
static inline struct shadow shadow_of(uintptr_t address)
{
	struct shadow shadow = shadow_places(address);

	claim_mind_runs(shadow.write);
	claim_mind_runs(shadow.read);
	return shadow;
}

/* Where a replay puts memory that does not exist; sanitizers are elsewhere. */
#define SHADOW_REPLAY_START 0x080000000000ull
#define SHADOW_REPLAY_END 0x080080000000ull

/* Maps the planes of all regions, unbacked.  False if the kernel refuses (limits
 * on address space): there can be no observation of memory then.  A replay uses
 * a small part of the low region alone. */

bool shadow_reserve(bool low_only);

/* Forgets what was known of [start, start + size). */
void shadow_clear(uintptr_t start, size_t size_bytes);

/* The same of whole pages, whose words are mostly untouched: they become so. */
void shadow_drop(uintptr_t start, size_t size_bytes);

#endif
