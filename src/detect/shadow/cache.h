/* What a thread keeps for its work on shadow memory, while it lives. */
#ifndef DETECT_SHADOW_CACHE_H
#define DETECT_SHADOW_CACHE_H

#include "detect/base/thread.h"
#include "detect/shadow/cells.h"

/* A word for which the thread has made new sets: read_lines.h. */
struct hot_read {
	uintptr_t granule;
	uint32_t new_sets;
	uint32_t quick_joins; /* of the thread, when it began to count */
};

#define HOT_READS 8u /* by the granule's number */

struct shadow_cache {
	struct cells_cache cells;	  /* free records */
	struct read_step *read_steps;	  /* READ_STEPS of them, or NULL: read_set.h */
	struct origin_step *origin_steps; /* ORIGIN_STEPS of them, or NULL: origin.h */
	uint64_t *readers;		  /* room for members of a set */
	uint32_t reader_capacity;
	uint32_t quick_joins, new_sets; /* read_set_join() */
	struct hot_read hot_reads[HOT_READS];
};

/* False without memory. */
static inline bool shadow_cache_ensure(struct thread_memory *memory)
{
	if (!memory->shadow)
		memory->shadow = arena_alloc(&memory->arena, sizeof(*memory->shadow));
	return memory->shadow;
}

#endif
