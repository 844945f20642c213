/*
 * Scratch memory: blocks that are all given back together, or down to a mark.
 *
 * What planning needs for one function it needs for the next one, too, in
 * another size.  Blocks are cut one after the other from pages that are used again;
 * what they hold is what was there before.
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

/* What has been taken since is given back by the second. */
struct scratch_mark {
	struct scratch_chunk *last;
	size_t used;
};
struct scratch_mark scratch_mark(const struct scratch *scratch);
void scratch_release(struct scratch *scratch, struct scratch_mark mark);

/* Gives all pages back. */
void scratch_free(struct scratch *scratch);

#endif
