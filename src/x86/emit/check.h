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
 * compare word by word, with a second register.  Checks at one place share their registers:
 * group.h.
 */
#ifndef X86_EMIT_CHECK_H
#define X86_EMIT_CHECK_H

#include "x86/emit/group.h"

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

/* Writes the checks that stand before instruction @place of @function. */
void emit_checks_at(struct emitter *emitter, const struct function *function, const uint32_t *live,
		    const struct check_list *list, uint32_t place, uint32_t first_site,
		    struct cold_list *cold);

/* Writes the call that follows a locked instruction. */
void emit_lock_end(struct emitter *emitter, const struct instruction *instruction, uint32_t site);

void emit_cold_parts(struct emitter *emitter, struct cold_list *cold);

#endif
