/*
 * Lanes: of which bytes of its sources a vector instruction makes which bytes of its
 * result.
 *
 * A compiler that needs every second element of an array loads whole vectors and drops
 * what it does not need, by shuffles or by loads over one half.  Read backward, as in
 * liveness: what is needed after an instruction tells what is needed before it.  What a
 * shuffle or a mask keeps may be said by a constant (constants.h).
 *
 * SSE, AVX and AVX2; of what is not known all is needed.
 */
#ifndef X86_LIVENESS_LANES_H
#define X86_LIVENESS_LANES_H

#include "x86/liveness/vector_use.h"

/* Which needs are looked for. */
enum lanes_needs {
	LANES_ANY,     /* what may be needed */
	LANES_WHOLE,   /* ... by what is not done for single elements, nor by a mask */
	LANES_CERTAIN, /* what is needed on each way, whatever masks say */
};

#define LANES_SLOTS 48u /* of the stack: slots.h */
#define LANES_PLACES (LANES_REGISTERS + LANES_SLOTS)

/* Bit n of needed[r]: byte n of vector register r, or of a slot, may be needed later. */
struct lanes {
	enum lanes_needs needs;
	uint32_t is_dropped; /* bytes that the instruction stores and nothing needs */
	uint32_t needed[LANES_PLACES];
};

/* A vector some bytes of which are known: bit n of 'known' for byte n. */
struct vector_value {
	uint32_t known;
	unsigned char bytes[32];
};

/* What is known before an instruction; NULL: nothing. */
struct lane_values {
	const struct vector_value *of[LANES_REGISTERS], *memory;
};

/* Turns what is needed after the instruction at @bytes into what is needed before it, and
 * says which bytes of its memory operand are.  @values may be NULL.  False: it is not known. */
bool lanes_before(const unsigned char *bytes, const struct instruction *instruction,
		  const struct lane_values *values, struct lanes *lanes, uint32_t *of_memory);

/* The vector register that it changes.  False: none, or it is not known. */
bool lanes_result(const unsigned char *bytes, const struct instruction *instruction,
		  unsigned *result);

/* Does it load what a row says the use of? */
bool lanes_are_loaded(const unsigned char *bytes, const struct instruction *instruction);

/* Does it store a vector, or a part of one? */
bool lanes_are_stored(const unsigned char *bytes, const struct instruction *instruction);

/* Is it one that may drop parts of what it is given? */
bool lanes_may_drop(const unsigned char *bytes, const struct instruction *instruction);

/* Does it take single elements, or what a mask says? */
bool lanes_pick(const unsigned char *bytes, const struct instruction *instruction);

/* Is it one that may drop parts if one of its operands is a constant? */
bool lanes_drop_by_constant(const unsigned char *bytes, const struct instruction *instruction);

#endif
