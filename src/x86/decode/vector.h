/*
 * Vector operands: which vector registers an instruction moves values between,
 * as far as value flow needs it.  Read from the encoding (SSE and VEX), as struct
 * instruction has general registers alone.
 */
#ifndef X86_DECODE_VECTOR_H
#define X86_DECODE_VECTOR_H

#include "x86/decode/instruction.h"

/* What prefixes and escape bytes say. */
struct vector_encoding {
	const unsigned char *opcode;
	unsigned map; /* 1: 0f, 2: 0f38, 3: 0f3a */
	unsigned reg_high, rm_high;
	int extra;		   /* VEX's register, or -1 */
	unsigned char simd_prefix; /* 0, 66, f3, f2 */
	bool has_wide_elements;	   /* REX.W, VEX.W */
	bool is_long;		   /* VEX.L: 32 bytes */
};

/* False: neither SSE's encoding nor VEX's.  True also of what is no vector instruction. */
bool vector_decode_encoding(const unsigned char *bytes, unsigned length,
			    struct vector_encoding *encoding);

struct vector_operands {
	uint8_t reg, rm, extra; /* rm only if not memory; extra: VEX's third, or reg */
	bool has_rm;		/* rm is a register */
	bool is_store;		/* from reg to rm or memory */
	bool is_move;		/* the destination's old value is lost */
	bool from_general, to_general; /* movd, movq: rm is a general register */
};

/* False: not a vector instruction, or an unknown one. */
bool vector_decode(const unsigned char *bytes, unsigned length, struct vector_operands *operands);

#endif
