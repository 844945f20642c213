/*
 * Lanes: of which bytes of its sources a vector instruction makes which bytes of its
 * result.
 *
 * A compiler that needs every second element of an array loads whole vectors and drops
 * what it does not need, by shuffles or by loads over one half.  Read backward, as in
 * liveness: what is needed after an instruction tells what is needed before it.
 *
 * SSE, AVX and AVX2; of what is not known all is needed.
 */
#ifndef X86_LIVENESS_LANES_H
#define X86_LIVENESS_LANES_H

#include "x86/decode/instruction.h"

#define LANES_REGISTERS 16u
#define LANES_ALL UINT32_MAX

/* Bit n of needed[r]: byte n of vector register r may be needed later. */
struct lanes {
	uint32_t needed[LANES_REGISTERS];
};

/* Turns what is needed after the instruction at @bytes into what is needed before it, and
 * says which bytes of its memory operand are.  False: it is not known. */
bool lanes_before(const unsigned char *bytes, const struct instruction *instruction,
		  struct lanes *lanes, uint32_t *of_memory);

/* The vector register that it changes.  False: none, or it is not known. */
bool lanes_result(const unsigned char *bytes, const struct instruction *instruction,
		  unsigned *result);

/* Is it one that may drop parts of what it is given? */
bool lanes_may_drop(const unsigned char *bytes, const struct instruction *instruction);

#endif
