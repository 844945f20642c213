/*
 * Vector operands: which vector registers an instruction moves values between,
 * as far as value flow needs it.  Read from the encoding (SSE and VEX), as struct
 * instruction has general registers alone.
 */
#ifndef X86_DECODE_VECTOR_H
#define X86_DECODE_VECTOR_H

#include "x86/decode/instruction.h"

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
