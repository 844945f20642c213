/*
 * What has the value that a load has loaded, or what is computed of it: followed forward, one
 * instruction at a time.
 */
#ifndef REPORTS_CODE_HOLDERS_H
#define REPORTS_CODE_HOLDERS_H

#include "x86/decode/instruction.h"

/* General registers and flags as in struct instruction, vector registers, slots of the stack. */
typedef uint64_t holders;

#define HOLDERS_GENERAL ((holders)(REGISTERS_ALL | FLAGS_ALL))
#define HOLDERS_VECTORS ((holders)0xffff << 32)
#define HOLDERS_SLOTS ((holders)0xff << 48)
#define HOLDERS_LOADED ((holders)1 << 63) /* the memory that the load reads */

/* Where functions have arguments and results. */
#define HOLDERS_ARGUMENTS (REGISTERS_ARGUMENTS | (holders)0xff << 32)
#define HOLDERS_RESULTS (REGISTER_BIT(RAX) | REGISTER_BIT(RDX) | (holders)3 << 32)

#define HOLDERS_SLOTS_MAX 8u
#define HOLDERS_GIVEN_MAX 32u

struct stack_slot {
	int base, displacement;
};

/* The slots that are told apart, and those whose address the function takes: these are no places to
 * keep a value in for later. */
struct stack_slots {
	struct stack_slot known[HOLDERS_SLOTS_MAX];
	unsigned count;
	struct stack_slot given[HOLDERS_GIVEN_MAX];
	unsigned given_count;
};

/* Notes the slot whose address @instruction takes, if it does. */
void holders_note_given(struct stack_slots *slots, const struct instruction *instruction);

/* What an instruction does with the value. */
enum effect {
	EFFECT_PASSES,
	EFFECT_NEEDS,
	EFFECT_PICKS, /* it may be thrown away: a conditional move, or an 'and' */
	EFFECT_MASKS  /* ... of vectors */
};

struct passage {
	holders held; /* before the instruction, then behind it */
	holders read; /* of these, those that it reads */
};

/* Passes the instruction at @bytes, which neither calls nor branches.  @is_load: it is the load. */
enum effect holders_pass(const struct instruction *instruction, const unsigned char *bytes,
			 bool is_load, struct stack_slots *slots, struct passage *by);

/* Does it compare vectors, element by element? */
bool holders_is_comparison(const struct instruction *instruction, const unsigned char *bytes);

#endif
