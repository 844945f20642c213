/* The wrappers of ranges.def, NULL for those that are elsewhere. */
#ifndef PRELOAD_RANGES_TABLES_H
#define PRELOAD_RANGES_TABLES_H

#include "preload/ranges/ranges.h"

extern void *const ranges_regular[RANGE_COUNT];
extern void *const ranges_vectors[RANGE_COUNT];
extern void *const ranges_formatted[RANGE_COUNT];
extern void *const ranges_states[RANGE_COUNT];

/* In a wrapper: the function that it stands for, as it is declared. */
#define RANGE_ORIGINAL(name) ((__typeof__(&name))range_originals[RANGE_OF_##name])

/* How many bytes a function of the printf family has written that was given room
 * for @n and returned @result. */
static inline size_t ranges_printed(int result, size_t n)
{
	if (result < 0)
		return 0;
	return (size_t)result < n ? (size_t)result + 1 : n;
}

#endif
