/*
 * Counts locked instructions in bytes that are not decoded: to learn whether a library
 * needs planning, and in functions that have unknown instructions (transactions).
 *
 * The count is an upper bound, as other bytes may look like a locked instruction; but
 * xchg, which needs no prefix, is not counted.
 */
#ifndef X86_DECODE_LOCKED_H
#define X86_DECODE_LOCKED_H

#include "base/types.h"

/* How many @count bytes may have; counts up to @most. */
uint32_t locked_count(const unsigned char *bytes, size_t count, uint32_t most);

#endif
