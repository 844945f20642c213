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

#define PATTERN_NONE 0u /* must be decoded each time */

/* What all instructions of a pattern have in common. */
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

/* The patterns found last, by a hash of the first bytes. */
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

/* As instruction_decode().  *@number is for pattern_instance(), or PATTERN_NONE: then
 * the instruction has to be decoded again. */
bool pattern_decode(struct patterns *patterns, const unsigned char *bytes, size_t left,
		    uint32_t offset, struct instruction *instruction, uint32_t *number);

uint8_t pattern_traits(const struct instruction *instruction);

/* Gives a copy of a pattern's instruction its displacement and immediate. */
void pattern_fill(const struct instruction_layout *layout, const unsigned char *bytes,
		  uint32_t offset, struct instruction *instruction);

/* Makes again what pattern_decode() made of the same bytes. */
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
