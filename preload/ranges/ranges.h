/*
 * Ranges: what functions of the C library read and write in the program's
 * memory.
 *
 * The C library's code is not instrumented.  In an instrumented module, the
 * slots for calls to it (GOT) get wrappers, which check the accesses and call
 * the function that was in the slot.  So nothing is exported, and nothing is
 * slower without --races.
 *
 * Reads are checked before the call, and so are writes whose length is known
 * then; the others after it.  The guard is never up during the call, so
 * cancellation and jumps out of it work as before; errno is kept.
 *
 * The wrappers of rows of ranges.def are made in regular.c, those of states.def in
 * states.c; the others are written out in formatted.c and vectors.c.
 */
#ifndef PRELOAD_RANGES_RANGES_H
#define PRELOAD_RANGES_RANGES_H

#include "unwind/unwind.h"

enum range_function {
#define RANGE(type, name, parameters, arguments, before) RANGE_OF_##name,
#define RANGE_AFTER(type, name, parameters, arguments, before, after) RANGE_OF_##name,
#define RANGE_WRITTEN(name) RANGE_OF_##name,
#include "preload/ranges/ranges.def"
#undef RANGE
#undef RANGE_AFTER
#undef RANGE_WRITTEN
#define STATE_CALL(type, name, parameters, arguments, uses) RANGE_OF_##name,
#include "preload/ranges/states.def"
	RANGE_COUNT
};

/* The functions that wrappers call. */
extern void *range_originals[RANGE_COUNT];

/*
 * The wrapper for calls of @name that go to @original.  NULL if there is none,
 * or if @original is not a function of the C library or ours.  @original may be
 * NULL, to ask whether there is a wrapper.  No lock of ours may be held: it
 * calls the loader.
 */
void *range_wrapper(const char *name, void *original);

/* Check an access by a function that was called from @at, unless the thread has
 * recorded it in its present epoch. */
void range_read(const struct unwind_start *at, const volatile void *from, size_t size_bytes);
void range_written(const struct unwind_start *at, const volatile void *to, size_t size_bytes);

/* The same of one byte; @access: of enum site_flag. */
void range_used(const struct unwind_start *at, uintptr_t address, uint32_t access);

/* The same of a descriptor: it is used (SITE_READ), or closed or replaced (SITE_WRITE). */
void range_number(const struct unwind_start *at, int number, uint32_t access);

/* As above, unless the pointer is NULL. */
static inline void range_read_if(const struct unwind_start *at, const volatile void *from,
				 size_t size_bytes)
{
	if (from)
		range_read(at, from, size_bytes);
}

static inline void range_written_if(const struct unwind_start *at, const volatile void *to,
				    size_t size_bytes)
{
	if (to)
		range_written(at, to, size_bytes);
}

#endif
