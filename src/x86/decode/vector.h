/*
 * Vector operands: which vector registers an instruction moves values between.
 * Only what value flow needs: read from the encoding (SSE and VEX), since
 * struct instruction speaks of general registers alone.
 */
#ifndef X86_DECODE_VECTOR_H
#define X86_DECODE_VECTOR_H

#include "x86/decode/instruction.h"

struct vector_operands {
	uint8_t reg, rm, extra; /* rm only if not memory; extra: VEX's third, or reg */
	bool has_rm;		/* rm is a register */
	bool is_store;		/* from reg to rm or memory */
	bool is_move;		/* the destination's old value does not matter */
	bool from_general, to_general; /* movd, movq: rm is a general register */
};

/* False: no vector instruction that is known here. */
bool vector_decode(const unsigned char *bytes, unsigned length, struct vector_operands *operands);

#endif
