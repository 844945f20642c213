/*
 * Imports of instrumented modules: calls of libc functions that touch ranges of
 * memory are led to our wrappers, by the modules' own tables of addresses (GOT).
 * Other modules keep calling libc.
 */
#ifndef PRELOAD_RANGES_IMPORTS_H
#define PRELOAD_RANGES_IMPORTS_H

#include "base/atomic.h"
#include "preload/code/clones.h"

/* Modules whose imports have not been redirected yet lie in this range. */
extern uintptr_t imports_pending_start;
extern size_t imports_pending_bytes;

/* @region's module is not relocated yet: it must wait until its code runs. */
void imports_await(const struct clone_region *region);

/* May the module of the code at @address have to be redirected? */
static inline bool imports_are_pending(uintptr_t address)
{
	/* relaxed: the module's own code comes after the loader's work on it. */
	return UNLIKELY(address - load_relaxed(&imports_pending_start) <
			load_relaxed(&imports_pending_bytes));
}

/* Redirects what @region's module imports, once.  It must have been relocated. */
void imports_redirect(struct clone_region *region);

/* The same for the module that has @address, whose code is running, so it has
 * been relocated. */
void imports_redirect_at(uintptr_t address);

#endif
