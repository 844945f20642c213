/* What a thread keeps for its work on shadow memory, while it lives. */
#ifndef DETECT_SHADOW_CACHE_H
#define DETECT_SHADOW_CACHE_H

#include "detect/base/thread.h"
#include "detect/shadow/cells.h"

struct shadow_cache {
	struct cells_cache cells;	  /* free records */
	struct read_step *read_steps;	  /* READ_STEPS of them, or NULL: read_set.h */
	struct origin_step *origin_steps; /* ORIGIN_STEPS of them, or NULL: origin.h */
	uint64_t *readers;		  /* room for members of a set */
	uint32_t reader_capacity;
};

/* False without memory. */
static inline bool shadow_cache_ensure(struct thread_memory *memory)
{
	if (!memory->shadow)
		memory->shadow = arena_alloc(&memory->arena, sizeof(*memory->shadow));
	return memory->shadow;
}

#endif
