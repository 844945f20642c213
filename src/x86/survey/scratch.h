/*
 * Scratch memory: blocks that are freed together, or back to a mark.
 *
 * Planning needs the same arrays for each function, in different sizes.  Blocks are
 * cut from pages that are reused; their content is undefined.
 */
#ifndef X86_SURVEY_SCRATCH_H
#define X86_SURVEY_SCRATCH_H

#include "base/types.h"

struct scratch_chunk {
	struct scratch_chunk *before;
	size_t room, used; /* with this head */
};

struct scratch {
	struct scratch_chunk *last;
};

/* Aligned to 16 bytes, not zeroed.  NULL: no memory. */
void *scratch_take(struct scratch *scratch, size_t size_bytes);

/* The same, zeroed. */
void *scratch_take_zeroed(struct scratch *scratch, size_t size_bytes);

/* scratch_release() frees what was taken since scratch_mark(). */
struct scratch_mark {
	struct scratch_chunk *last;
	size_t used;
};
struct scratch_mark scratch_mark(const struct scratch *scratch);
void scratch_release(struct scratch *scratch, struct scratch_mark mark);

/* Frees all pages. */
void scratch_free(struct scratch *scratch);

#endif
