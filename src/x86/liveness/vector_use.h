/*
 * Uses of vectors: an instruction with its operands, as its row of lanes.def says.
 *
 * Of most instructions it is known for each byte of the result which bytes of the
 * operands it is made of.
 */
#ifndef X86_LIVENESS_VECTOR_USE_H
#define X86_LIVENESS_VECTOR_USE_H

#include "x86/decode/instruction.h"

#define LANES_REGISTERS 16u
#define LANES_ALL UINT32_MAX
#define LANE 16u /* most shuffles stay within so many bytes */
#define LANE_BYTES 0xffffu

/* How the result is made.  'first' is the operand that the result replaces, or VEX's third;
 * 'second' is the register or memory of the encoding. */
enum vector_form {
	FORM_EACH,	/* each element of the same one of both */
	FORM_UPWARD,	/* ... each byte of no higher one of both, 'from' bytes at most */
	FORM_OWN,	/* ... of the second alone */
	FORM_THREE,	/* ... of both and of the old result */
	FORM_CHOOSE,	/* ... of both, by that of a third register */
	FORM_ALL,	/* any of any */
	FORM_ONE,	/* the lowest element of both, the rest of the first */
	FORM_MOVE_ONE,	/* of the second alone; a load clears the rest */
	FORM_FILL,	/* the lowest of the second, and zeros */
	FORM_SPREAD,	/* the lowest of the second, everywhere */
	FORM_GENERAL,	/* of no vector: 'element' bytes, the rest of the first */
	FORM_LOW_HALF,	/* movlps: another low half; movhlps */
	FORM_HIGH_HALF, /* movhps, movlhps */
	FORM_DOUBLE,	/* movddup, movsldup: even elements twice */
	FORM_DOUBLE_ODD,
	FORM_UNPACK_LOW,
	FORM_UNPACK_HIGH,
	FORM_PACK,  /* elements of both, in half the size */
	FORM_WIDEN, /* 'element' bytes each of 'from' */
	FORM_NARROW,
	FORM_SHUFFLE, /* shufps, shufpd: by the constant */
	FORM_PERMUTE, /* pshufd, vpermilps, vpermilpd */
	FORM_PERMUTE_LOW,
	FORM_PERMUTE_HIGH, /* pshuflw, pshufhw */
	FORM_PERMUTE_FAR,  /* vpermq: across the whole vector */
	FORM_BLEND,
	FORM_ALIGN,
	FORM_INSERT,
	FORM_INSERT_ONE, /* insertps: any element to any place, others to zero */
	FORM_INSERT_HALF,
	FORM_SWAP_HALVES, /* of 32 bytes */
	FORM_SHIFT,	  /* by a constant, of the second; psrldq too */
	FORM_SHIFT_BY,	  /* by the second's lowest half */
	FORM_BYTES_BY,	  /* pshufb: of the first, by bytes of the second */
	FORM_PERMUTE_BY,  /* vpermilps, vpermilpd: likewise, elements of each half */
	FORM_FAR_BY,	  /* vpermd, vpermps: of the second, by the first */
	FORM_STORE,	  /* no result: 'element' bytes of the register, 0: all */
	FORM_STORE_HIGH,
	FORM_STORE_HALF,   /* vextractf128 */
	FORM_STORE_MASKED, /* by the first */
	FORM_GATHER,	   /* its result is left to be needed */
	FORM_TAKE,	   /* to a general register: the element that the constant says */
	FORM_TAKE_ONE,	   /* ... the lowest of the second */
	FORM_LOOK,	   /* flags, or bits in a general register: all of both */
	FORM_COMPARE,	   /* flags of the lowest element of both */
};

struct vector_row {
	uint8_t map, prefixes, first, last, form, element, from;
};

struct vector_use {
	const struct vector_row *row;
	const unsigned char *opcode;
	unsigned element; /* bytes */
	unsigned constant;
	unsigned extension; /* of the opcode, in the field of 'reg' */
	unsigned width;
	unsigned reg, rm, first, third, result; /* registers */
	bool has_rm;				/* no memory operand */
	bool is_vex;
};

enum vector_use_kind {
	VECTOR_NONE,	/* it has nothing to do with vectors */
	VECTOR_UNKNOWN, /* it may */
	VECTOR_CLEARS,	/* vzeroupper, vzeroall: 'width' bytes are cleared */
	VECTOR_KNOWN,	/* it is as the row says */
};

enum vector_use_kind vector_use_of(const unsigned char *bytes,
				   const struct instruction *instruction, struct vector_use *use);

/* Has it a result that is a vector? */
static inline bool vector_use_has_result(const struct vector_use *use)
{
	return use->row->form < FORM_STORE || (use->row->form == FORM_STORE_HALF && use->has_rm);
}

/* pxor, psub, pcmpgt (zeros), pcmpeq (ones) of one register. */
bool vector_use_is_zeros(const struct vector_use *use);
bool vector_use_is_ones(const struct vector_use *use);

/* Which bytes of the operands one byte of the result is made of; 'third' is of the old
 * result, or of what chooses. */
struct vector_sources {
	uint32_t first, second, third;
};

struct vector_sources vector_sources_of(const struct vector_use *use, unsigned byte);

/* Bits of @count bytes from byte @at. */
static inline uint32_t vector_bytes_at(unsigned at, unsigned count)
{
	return at >= 32 ? 0 : (count >= 32 ? LANES_ALL : (1u << count) - 1) << at;
}

#endif
