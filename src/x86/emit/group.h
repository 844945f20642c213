/*
 * Checks that stand at one place, and the registers that they use.
 *
 *     group_choose -> group_begin -> (code of checks) -> group_end
 *
 * Live flags are kept in rax (lahf, seto).  Live registers are spilled below the used part of the
 * red zone, or, if that is not known, under a lowered rsp.
 *
 * States say for each step which registers a signal handler must be shown.
 */
#ifndef X86_EMIT_GROUP_H
#define X86_EMIT_GROUP_H

#include "x86/checks/checks.h"
#include "x86/decode/masked.h"
#include "x86/emit/emit.h"

#define SPILL_COUNT 3

/* The registers and stack that a check uses, at some point of it. */
struct taken {
	uint32_t original_offset; /* the instruction that is about to run */
	uint32_t lowered_by;	  /* bytes taken from rsp */
	int8_t spilled[SPILL_COUNT];
	int8_t spilled_at[SPILL_COUNT]; /* in units of 8 from the original rsp */
	uint8_t spilled_count;
	bool flags_in_rax;
};

struct group {
	const struct function *function;
	const struct check_list *list;
	uint32_t first, count;
	uint32_t live;
	uint32_t operands; /* registers of all */
	uint32_t first_site;
	int address, word; /* scratch registers; word may be NO_REGISTER */
	bool clobbers_flags, has_live_flags, keeps_address;
	struct taken taken;
};

/* Chooses the registers.  False: not enough for all checks at once. */
bool group_choose(struct group *group, bool is_wide);

void group_begin(struct emitter *emitter, struct group *group);
void group_save_flags(struct emitter *emitter, struct group *group);
void group_end(struct emitter *emitter, struct group *group);

/* @address_register: NO_REGISTER if the thunk takes no address. */
void group_call(struct emitter *emitter, struct taken taken, int address_register, uint32_t site,
		unsigned thunk);

/* For thunks that take a third word, in register @word: of masked moves, gathers, ranges. */
void group_call_with_word(struct emitter *emitter, struct taken taken, int address, int word,
			  uint32_t site, const struct masked_operands *operands);

/* Appends a state from here on. */
void emit_state(struct emitter *emitter, const struct taken *taken);

#endif
