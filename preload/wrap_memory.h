/* Locks in memory that ends. */
#ifndef PRELOAD_WRAP_MEMORY_H
#define PRELOAD_WRAP_MEMORY_H

#include "base/types.h"

/* [start, end) is about to be given back. */
void memory_locks_end(uintptr_t start, uintptr_t end);

/*
 * A call follows that may move it: lives end before the call, since afterwards
 * others may have the place.  If it stays where it is, its locks merely begin
 * anew; but one that is held then stays what it is.
 */
void memory_locks_may_end(uintptr_t start, uintptr_t end);

#endif
