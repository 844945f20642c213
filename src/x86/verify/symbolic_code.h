/* What the runners of a check's instructions share. */
#ifndef X86_VERIFY_SYMBOLIC_CODE_H
#define X86_VERIFY_SYMBOLIC_CODE_H

#include "x86/verify/symbolic.h"

/* An instruction that is run: the parts of its bytes, and what it was decoded to. */
struct opcode {
	bool is_fs, is_wide;
	unsigned reg_high, base_high;
	const unsigned char *at;
	const struct instruction *instruction;
	const struct symbolic_setting *setting;
};

static inline unsigned reg_of(const struct opcode *opcode, unsigned modrm_at)
{
	return (opcode->at[modrm_at] >> 3 & 7u) | opcode->reg_high;
}

static inline unsigned rm_of(const struct opcode *opcode, unsigned modrm_at)
{
	return (opcode->at[modrm_at] & 7u) | opcode->base_high;
}

/* Each runs an instruction.  False: not allowed in a check. */
typedef bool (*symbolic_runner)(struct symbolic *machine, const struct opcode *opcode);

/* sub, cmp and test of what the code before a counted loop calculates. */
bool symbolic_run_subtract(struct symbolic *machine, const struct opcode *opcode);
bool symbolic_run_measure(struct symbolic *machine, const struct opcode *opcode);
bool symbolic_run_test(struct symbolic *machine, const struct opcode *opcode);

/* Stores of the word that loops without checks compare with: of the stack pointer, of 0. */
bool symbolic_run_set_ahead(struct symbolic *machine, const struct opcode *opcode);
bool symbolic_run_clear_ahead(struct symbolic *machine, const struct opcode *opcode);

/* cmp %fs:offset, register: a shadow word with a word of the thread. */
bool symbolic_run_compare(struct symbolic *machine, const struct opcode *opcode);

struct symbolic_outcome symbolic_call_thunk(struct symbolic *machine, const struct opcode *opcode);

/* What the flags said is gone. */
void symbolic_lose_flags(struct symbolic *machine);

/* Makes @value the distance that a counted loop counts, from 0.  False: it cannot be one. */
bool symbolic_make_distance(struct symbolic_value *value, bool is_half);

/* shl, shr of a distance; the bits lost make it smaller only. */
bool symbolic_shift_distance(struct symbolic_value *value, const struct opcode *opcode);

#endif
