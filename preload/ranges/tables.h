/* The wrappers of ranges.def, NULL for those that are elsewhere. */
#ifndef PRELOAD_RANGES_TABLES_H
#define PRELOAD_RANGES_TABLES_H

#include "preload/ranges/ranges.h"

extern void *const ranges_regular[RANGE_COUNT];
extern void *const ranges_vectors[RANGE_COUNT];
extern void *const ranges_formatted[RANGE_COUNT];

/* In a wrapper: the function that it stands for, as it is declared. */
#define RANGE_ORIGINAL(name) ((__typeof__(&name))range_originals[RANGE_OF_##name])

#endif
