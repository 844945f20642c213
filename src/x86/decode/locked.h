/*
 * Counts locked instructions: in the bytes of a library, to learn whether it needs planning,
 * in functions that are not copied, as they have unknown instructions or data among them, and
 * in what lies between functions.
 */
#ifndef X86_DECODE_LOCKED_H
#define X86_DECODE_LOCKED_H

#include "base/types.h"

struct decoder;

/* Is it a fence of loads and stores?  Where these are ordered by plain moves and fences, no
 * locked instruction need be. */
bool locked_is_fence(const unsigned char *bytes, size_t length);

/* How many @count bytes may have, fences among them; counts up to @most.  An upper bound, as other
 * bytes may look like one; but xchg, which needs no prefix, is not counted. */
uint32_t locked_count(const unsigned char *bytes, size_t count, uint32_t most);

/* The same of code, decoded one instruction after the other.  What is none we know counts if it
 * begins like a locked one. */
uint32_t locked_decoded(const struct decoder *decoder, const unsigned char *bytes, size_t count);

/* Those with a lock prefix, in what may be code or data, which looks like code for a few
 * instructions: counted is what stands among many known ones, or in bytes that are instructions
 * from first to last. */
uint32_t locked_among_data(const struct decoder *decoder, const unsigned char *bytes, size_t count);

#endif
