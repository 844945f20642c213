/*
 * Clones: which code was copied where, for who meets an address inside a copy.
 *
 * Rows are only added while modules are patched, and read without a lock, also
 * by signal handlers.
 */
#ifndef PRELOAD_CLONES_H
#define PRELOAD_CLONES_H

#include "x86/plan.h"

struct clone_region {
	uintptr_t start, end; /* the copy; 0, 0: gone */
	uintptr_t text;	      /* the original's offset 0 */
	uintptr_t module_start, module_end;
	const struct plan_state *states;
	uint32_t state_count;
	bool has_imports; /* its imports still are to be redirected */
};

/* False: too many.  Serialised by the caller. */
bool clones_add(const struct clone_region *region);

/* The region at @index, NULL past the last.  Gone ones have start 0. */
struct clone_region *clones_at(uint32_t index);

/*
 * If @pc is inside a clone: the state there in *@state and the address of the
 * original instruction that is about to run in *@original.  Async-signal-safe.
 */
bool clones_original(uintptr_t pc, struct plan_state *state, uintptr_t *original);

#endif
