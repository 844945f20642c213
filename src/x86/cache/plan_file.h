/*
 * A plan in a file: the format, and how it is written and read.
 *
 *     header      struct plan_file_header
 *     code        the clones as they were written for one process, but for the table of
 *                 thunks at their beginning, which is zero
 *     sites       struct plan_site, in their order
 *     rows, blocks, steps    the states, packed (emit/state.h)
 *     patches     struct plan_patch
 *     calls       which of the sites are calls
 *     positions   one list for each enum plan_base: where in the clones a word of four
 *                 bytes rests on that base
 *
 * Each part begins with a page, but for calls and positions, which follow the patches without
 * gaps; numbers are as the processor has them.  The header says how long each part is and
 * which bases the clones were written for.  To use them in another process, where module,
 * clones, sites and words of the thread may lie elsewhere, is to add the difference of the
 * bases to each word that is listed, and of the first one to each long jump among the
 * patches.  In the next run of the same program there is mostly none, if the clones get
 * the place that the file asks for: then they are used as they lie in the file, from
 * where the kernel brings what is executed.
 *
 * A file is used as a whole or not at all: its key must be the one asked for, its length
 * what the header says, its checksum right, and each number in range.  Whoever knows that it is
 * whole, as it was read before and has not changed since, need not have all of it read again:
 * then the kernel brings what is looked at.  It is mapped where
 * nobody but this machine and its owner can change it, and nobody does but by putting
 * another one in its place; elsewhere it is read.
 */
#ifndef X86_CACHE_PLAN_FILE_H
#define X86_CACHE_PLAN_FILE_H

#include "x86/cache/plan_key.h"
#include "x86/plan.h"

#define PLAN_FILE_MAGIC "snarlpl3" /* the last one is the number of the format */

enum plan_part {
	PART_CODE,
	PART_SITES,
	PART_ROWS,
	PART_BLOCKS,
	PART_STEPS,
	PART_PATCHES,
	PART_CALLS,
	PART_POSITIONS, /* + enum plan_base */
	PART_COUNT = PART_POSITIONS + PLAN_BASES
};

struct plan_file_header {
	char magic[8];
	uint64_t checksum; /* of all that is behind it */
	struct plan_key key;
	int64_t bases[PLAN_BASES];
	uint64_t part_bytes[PART_COUNT];
	uint64_t state_count;
	uint64_t update_group_count;
	struct plan_statistics statistics;
};

/* Writes @plan, made for @image with @options, among them keeps_positions.  False: not,
 * or not all of it. */
bool plan_file_write(int descriptor, const struct plan_key *key, const struct plan *plan,
		     const struct image *image, const struct plan_options *options);

/* How long that file is. */
uint64_t plan_file_bytes(const struct plan *plan);

/* Would both leave the same file, bases and times aside?  They are for one place. */
bool plan_file_is_same(const struct plan *plan, const struct plan *other);

struct plan_source {
	int descriptor;
	uint64_t size_bytes;
	bool may_be_mapped;
	bool is_known; /* to be whole */
};

/* The plan of @image that the file holds, as plan_make() would have made it, but without
 * functions.  NULL: it is not the one of @key, is damaged, or cannot be used here. */
struct plan *plan_file_read(const struct plan_source *source, const struct plan_key *key,
			    const struct image *image, const struct plan_options *options,
			    struct arena *arena);

#endif
