/*
 * The machine code of checks.
 *
 * Inline, for an access of up to 8 bytes:
 *
 *     lea   operand, s
 *     and   $-8 | (size - 1), s	a misaligned address stays so, and never compares equal
 *     btc   $46 or $45, s		s is the address of the shadow word
 *     mov   (s), s
 *     cmp   %fs:current, s
 *     jne   cold
 *
 * The cold part recomputes the address and calls the thunk.  Wider accesses
 * compare word by word, with a second register.  Live flags are kept in rax
 * (lahf, seto).  Live registers are spilled below the used part of the red zone,
 * or, if that is not known, under a lowered rsp.  Checks at one place share this.
 *
 * States say for each step which registers a signal handler must be shown.
 */
#ifndef X86_EMIT_CHECK_H
#define X86_EMIT_CHECK_H

#include "x86/flow/checks.h"
#include "x86/emit/emit.h"
#include "x86/decode/masked.h"

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

/* The part of a check that lies at the function's end. */
struct cold_part {
	struct taken taken;
	struct operand operand;
	uint32_t jumps[8]; /* positions of the branches that lead here */
	uint8_t jump_count;
	int8_t word_register, address_register;
	bool is_write;
	bool keeps_address; /* in address_register: it cannot be recomputed */
	uint32_t back;	    /* where the clone goes on after the thunk */
	uint32_t site;
	uint8_t thunk;
};

struct cold_list {
	struct cold_part *parts;
	uint32_t count, room;
};

/*
 * Checks that stand at one place, and the registers that they use.
 *
 *     group_choose -> group_begin -> (code of checks) -> group_end
 */
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

/* Writes the checks that stand before instruction @place of @function. */
void emit_checks_at(struct emitter *emitter, const struct function *function, const uint32_t *live,
		    const struct check_list *list, uint32_t place, uint32_t first_site,
		    struct cold_list *cold);

/* Writes the call that follows a locked instruction. */
void emit_lock_end(struct emitter *emitter, const struct instruction *instruction, uint32_t site);

void emit_cold_parts(struct emitter *emitter, struct cold_list *cold);

#endif
