/*
 * Copies of this library that are loaded from several paths: the program calls the one that comes
 * first in the loader's order, and this one alone observes.  Each has a note by which the others
 * know it.
 */
#ifndef PRELOAD_CODE_COPIES_H
#define PRELOAD_CODE_COPIES_H

#include <link.h>

#include "base/types.h"

/* Is it this library, or a copy of it? */
bool copies_is_one(const struct dl_phdr_info *info);

/* Does no copy come before this one? */
bool copies_is_first(void);

/* The path of one that stands aside, in @path; false: there is none. */
bool copies_find_other(char *path, size_t size_bytes);

#endif
