/*
 * Thunks: where the checks in a clone go when the quick look does not settle.
 *
 * A check calls a thunk like this, flags being dead:
 *
 *     lea -128(%rsp),%rsp     unless rsp was lowered by THUNK_LOWERED before
 *     push address            a register that has the address of the access, or $0
 *     push $id                the site, and whether rsp was lowered by THUNK_LOWERED
 *     call thunk              returns with the pushed words taken off
 *     lea 128(%rsp),%rsp
 *
 * All general and vector registers come back as they were; flags do not, but
 * for thunks that say so.  THUNK_LOCK_BEGIN and THUNK_LOCK_END stand around a
 * locked instruction; both keep flags, and the latter reads ZF for cmpxchg.
 * Those for masked moves and gathers want a third word, pushed after the id:
 * the elements, a bit each.  For gathers the base is pushed as address, and above
 * it lie THUNK_INDEX_BYTES with the indexes, which the check takes off itself;
 * rsp had been lowered before that.  String thunks need no address: they keep
 * flags and take rsi, rdi, rcx and rax as the instruction will find them.
 */
#ifndef X86_DECODE_THUNK_H
#define X86_DECODE_THUNK_H

#include "base/types.h"

#define THUNK_RED_ZONE 128
#define THUNK_LOWERED 160

typedef uint32_t site_number;

/* Sizes 1, 2, 4, 8, 16, 32, 64 by their logarithm. */
#define THUNK_SIZE_COUNT 7u

/* Of an id: the site's number stands above the bit that says how far rsp was lowered. */
#define THUNK_SITE_SHIFT 1
#define THUNK_IS_LOWERED 1u

/* What is pushed: the address and the id; the mask, too. */
#define THUNK_WORDS_BYTES 16
#define THUNK_MASKED_WORDS_BYTES 24

#define THUNK_GATHER_COUNT 12u
#define THUNK_INDEX_BYTES 32

/* Kinds of string instructions, and sizes of their elements: 1, 2, 4, 8. */
#define THUNK_STRING_KINDS 5u
#define THUNK_STRING_SIZES 4u
#define THUNK_STRING_FORMS (THUNK_STRING_KINDS * THUNK_STRING_SIZES)

enum thunk {
	THUNK_READ, /* .. + log2(size) */
	THUNK_WRITE = THUNK_READ + THUNK_SIZE_COUNT,
	THUNK_LOCK_BEGIN = THUNK_WRITE + THUNK_SIZE_COUNT,
	THUNK_LOCK_END,		/* pushes 0 as address */
	THUNK_LOCK_END_COMPARE, /* the same; ZF says whether it stored */
	THUNK_SIZED,	/* any other size: the site's row has size and kind */
	THUNK_MASKED,	/* the pushed id is followed by a pushed bit mask of elements */
	THUNK_GATHER,	/* .. + log2(scale) + 4 * (0: indexes of 4 bytes, 1: of 8, 2: two of 8) */
	/* .. + THUNK_STRING_SIZES * (enum string_kind - 1) + log2(element), and
	 * THUNK_STRING_FORMS more for repne */
	THUNK_STRING = THUNK_GATHER + THUNK_GATHER_COUNT,
	THUNK_COUNT = THUNK_STRING + 2 * THUNK_STRING_FORMS
};

struct thunk_addresses {
	uint64_t address[THUNK_COUNT];
};

#endif
