/*
 * Locked instructions in bytes that are not decoded: in libraries that may not have to
 * be, and in functions that have instructions which we do not know (transactions).
 *
 * Other bytes may look like one: there may be fewer, never more, but for an xchg, which
 * needs no prefix.
 */
#ifndef X86_DECODE_LOCKED_H
#define X86_DECODE_LOCKED_H

#include "base/types.h"

/* How many there may be in @count bytes; no more than @most are counted. */
uint32_t locked_count(const unsigned char *bytes, size_t count, uint32_t most);

#endif
