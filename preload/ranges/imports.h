/*
 * Imports of instrumented modules: their calls of libc functions that access
 * ranges of memory are redirected to our wrappers, by the slots of the module's
 * own GOT, and those of operators new and delete that an allocator has of its own
 * (heap/operators.h).  Other modules keep calling libc.
 */
#ifndef PRELOAD_RANGES_IMPORTS_H
#define PRELOAD_RANGES_IMPORTS_H

#include "base/atomic.h"
#include "preload/code/clones.h"

/* Modules whose imports have not been redirected yet lie in this range. */
extern uintptr_t imports_pending_start;
extern size_t imports_pending_bytes;

/* @region's module is not relocated yet: its imports are redirected when its code runs. */
void imports_await(const struct clone_region *region);

/* May there be imports to redirect in the module that has @address? */
static inline bool imports_are_pending(uintptr_t address)
{
	/* relaxed: the module's own code runs after the loader's work on it. */
	return UNLIKELY(address - load_relaxed(&imports_pending_start) <
			load_relaxed(&imports_pending_bytes));
}

/* Redirects the imports of @region's module, once.  It must have been relocated. */
void imports_redirect(struct clone_region *region);

/* The same for the module that has @address.  Its code runs, so it was relocated. */
void imports_redirect_at(uintptr_t address);

#endif
