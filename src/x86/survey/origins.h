/*
 * Where a jump's target comes from: a search back through all paths for what wrote
 * the register.  And whether what is stored is an address, by the code just before it.
 */
#ifndef X86_SURVEY_ORIGINS_H
#define X86_SURVEY_ORIGINS_H

#include "x86/survey/survey.h"

enum origin {
	ORIGIN_LABELS = 1u << 0,  /* a read-only table of the function's own labels */
	ORIGIN_POINTER = 1u << 1, /* loaded whole, or passed in, or returned */
	ORIGIN_SUM = 1u << 2,	  /* computed */
	ORIGIN_LABEL_SUM = 1u << 3, /* computed from a label that code takes the address of */
	ORIGIN_UNKNOWN = 1u << 4
};

struct origin_search {
	const struct survey *survey;
	const struct function *function;
	uint32_t *first_from; /* per instruction: a branch that leads there, + 1; 0: none */
	uint32_t *next_from;  /* per branch: another that leads to the same place, + 1 */
	uint32_t *jumps;      /* the indirect ones */
	uint32_t jump_count;
	uint8_t *loads;	      /* per instruction: origins of what it loads; 0: not known yet */
	uint16_t *seen[2];    /* per instruction: registers looked for */
	uint32_t *todo[2];    /* instruction << 4 | register */
	bool has_arrays;
	bool takes_labels; /* code takes the address of one */
};

/* Does @instruction take the address of another one? */
static inline bool origins_takes_label(const struct survey *survey,
				       const struct instruction *instruction)
{
	return instruction->is_lea && instruction->is_rip_relative &&
	       survey_has(survey, instruction->target, MARK_START);
}

/* Begins searches in @function; arrays are allocated by the first that needs them. */
void origins_begin(struct origin_search *search, struct survey *survey,
		   const struct function *function);
void origins_end(struct origin_search *search);

/* Where the indirect jump at @index may lead: of enum origin. */
uint32_t origins_of_jump(struct origin_search *search, uint32_t index);

/* The same for a call, in the straight-line code before it alone. */
uint32_t origins_of_call(const struct function *function, uint32_t index);

/* Does the store at @index store an address that the code says, or a pointer that it loads from
 * a fixed place, as a table of addresses is?  By the straight-line code before it alone. */
bool origins_store_address(const struct function *function, uint32_t index);

#endif
