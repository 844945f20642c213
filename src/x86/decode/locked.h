/*
 * Counts locked instructions: in the bytes of a library, to learn whether it needs planning,
 * and in functions that are not copied, as they have unknown instructions or data among
 * them.
 */
#ifndef X86_DECODE_LOCKED_H
#define X86_DECODE_LOCKED_H

#include "base/types.h"

struct decoder;

/* How many @count bytes may have; counts up to @most.  An upper bound, as other bytes may look
 * like one; but xchg, which needs no prefix, is not counted. */
uint32_t locked_count(const unsigned char *bytes, size_t count, uint32_t most);

/* The same of code, decoded one instruction after the other.  What is none we know counts if it
 * begins like a locked one. */
uint32_t locked_decoded(const struct decoder *decoder, const unsigned char *bytes, size_t count);

#endif
