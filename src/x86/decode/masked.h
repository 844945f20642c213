/*
 * Masked moves and gathers: vector instructions that touch only the elements
 * that a mask selects.  Which vector registers hold mask and indexes is read from
 * the encoding, as struct instruction has general registers alone.
 *
 * AVX and AVX2 only, and maskmovdqu: with AVX-512 masks lie in registers of
 * their own.
 */
#ifndef X86_DECODE_MASKED_H
#define X86_DECODE_MASKED_H

#include "x86/decode/instruction.h"

struct masked_operands {
	uint8_t element_bytes;
	uint8_t mask;	   /* vector register: an element's highest bit selects it */
	uint8_t index;	   /* vector register with the indexes of a gather */
	bool is_mask_wide; /* 32 bytes of it, else 16 */
	bool is_vex;	   /* false: maskmovdqu as SSE2 has it */
	bool is_gather;
	uint8_t thunk; /* enum thunk */
};

/* False: none of them.  @bytes is what @instruction was decoded from. */
bool masked_decode(const unsigned char *bytes, const struct instruction *instruction,
		   struct masked_operands *operands);

#endif
