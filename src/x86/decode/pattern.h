/*
 * Patterns: classes of instructions that differ only in the values of a displacement
 * and an immediate operand.
 *
 * A module of millions of instructions has some ten thousand patterns.  Each is
 * decoded once; an instruction of a known pattern needs only a look-up by its first
 * bytes (up to displacement and immediate: the key), and the two values.  From the
 * number of its pattern and its bytes an instruction can be restored.
 */
#ifndef X86_DECODE_PATTERN_H
#define X86_DECODE_PATTERN_H

#include "base/arena.h"
#include "x86/decode/decode.h"

#define PATTERN_NONE 0u /* of what has to be decoded each time */

/* Traits of a pattern's instructions, known before one is made. */
enum pattern_trait {
	PATTERN_BRANCH = 1u << 0,  /* with a target of its own, no call */
	PATTERN_CALL = 1u << 1,	   /* of any sort */
	PATTERN_ADDRESS = 1u << 2, /* an operand relative to rip */
	PATTERN_IMMEDIATE = 1u << 3,
	PATTERN_MARK = 1u << 4 /* endbr64 */
};

struct pattern {
	struct instruction instruction; /* at offset 0, without the values */
	struct instruction_layout layout;
	uint8_t traits; /* of enum pattern_trait */
};

struct pattern_slot {
	uint64_t key;
	uint32_t number; /* PATTERN_NONE: the slot is free */
};

/* The last patterns found for first bytes with one hash. */
struct pattern_guess {
	uint64_t key, mask;
	uint32_t number; /* PATTERN_NONE: nothing */
};

#define PATTERN_GUESSES 4096u

struct patterns {
	const struct decoder *decoder;
	struct arena *arena;
	struct pattern *rows; /* by number; the first is not used */
	uint32_t count, room;
	struct pattern_slot *slots;
	uint32_t slot_count; /* a power of two */
	struct pattern_guess *guesses;
};

/* False: out of memory. */
bool patterns_begin(struct patterns *patterns, const struct decoder *decoder, struct arena *arena);

/*
 * As instruction_decode().  *@number is what pattern_instance() wants, PATTERN_NONE
 * if it is to be decoded again then.
 */
bool pattern_decode(struct patterns *patterns, const unsigned char *bytes, size_t left,
		    uint32_t offset, struct instruction *instruction, uint32_t *number);

uint8_t pattern_traits(const struct instruction *instruction);

/* Fills in the values of an instruction that is a copy of its pattern's. */
void pattern_fill(const struct instruction_layout *layout, const unsigned char *bytes,
		  uint32_t offset, struct instruction *instruction);

/* What pattern_decode() made of the same bytes. */
static inline void pattern_instance(const struct patterns *patterns, uint32_t number,
				    const unsigned char *bytes, uint32_t offset,
				    struct instruction *instruction)
{
	const struct pattern *pattern = &patterns->rows[number];

	*instruction = pattern->instruction;
	instruction->offset = offset;
	if (pattern->layout.displacement_bytes | pattern->layout.immediate_bytes)
		pattern_fill(&pattern->layout, bytes, offset, instruction);
}

#endif
