/*
 * Thunks: what the checks in a clone call when the inline comparison fails.
 *
 * A check calls a thunk like this, flags being dead:
 *
 *     lea -128(%rsp),%rsp     unless rsp was lowered by THUNK_LOWERED before
 *     push address            a register that has the address of the access, or $0
 *     push $id                the site, and whether rsp was lowered by THUNK_LOWERED
 *     call thunk              returns with the pushed words taken off
 *     lea 128(%rsp),%rsp
 *
 * Thunks keep all general and vector registers, but flags only where said here.
 * THUNK_LOCK_BEGIN and THUNK_LOCK_END are called before and after a locked
 * instruction; both keep flags, and THUNK_LOCK_END_COMPARE reads ZF.  Thunks of
 * masked moves and gathers take a third word, pushed after the id: a bit for each
 * element, and of ranges: their bytes.  For a gather the base is pushed as address;
 * the indexes lie above it, THUNK_INDEX_BYTES that the check pops itself, under an rsp
 * lowered before.
 * String thunks take no address: they keep flags and read rsi, rdi, rcx and rax.
 */
#ifndef X86_DECODE_THUNK_H
#define X86_DECODE_THUNK_H

#include "base/types.h"

#define THUNK_RED_ZONE 128
#define THUNK_LOWERED 160

typedef uint32_t site_number;

/* Sizes 1, 2, 4, 8, 16, 32, 64 by their logarithm. */
#define THUNK_SIZE_COUNT 7u

/* An id is the site's number, shifted, and the bit that says whether rsp was lowered. */
#define THUNK_SITE_SHIFT 1
#define THUNK_IS_LOWERED 1u

/* What is pushed: address and id; with the mask. */
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
	THUNK_PREFETCH, /* asks for the words of what the program asks for */
	THUNK_MASKED,	/* the pushed id is followed by a pushed bit mask of elements */
	THUNK_RANGE,	/* before a loop that will touch so many bytes: emit/range.h */
	THUNK_GATHER,	/* .. + log2(scale) + 4 * (0: indexes of 4 bytes, 1: of 8, 2: two of 8) */
	/* .. + THUNK_STRING_SIZES * (enum string_kind - 1) + log2(element), and
	 * THUNK_STRING_FORMS more for repne */
	THUNK_STRING = THUNK_GATHER + THUNK_GATHER_COUNT,
	THUNK_COUNT = THUNK_STRING + 2 * THUNK_STRING_FORMS
};

/*
 * Which operand of a locked instruction leaves what was there, in the upper bits of
 * site.arguments: with the number of its register, if it is in one.
 */
#define IDLE_REGISTER_SHIFT 12
#define IDLE_KIND 0x0f00u
#define IDLE_BITS 0xff00u

enum idle_operand {
	IDLE_NOT_KNOWN,
	IDLE_ALWAYS = 0x100,  /* a constant that does */
	IDLE_IF_ZERO = 0x200, /* of add, sub, xadd, or, xor */
	IDLE_IF_ONES = 0x300  /* of and */
};

struct thunk_addresses {
	uint64_t address[THUNK_COUNT];
};

#endif
