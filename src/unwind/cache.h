/*
 * Frame rules, remembered: nearly all frames follow one of a few patterns.
 *
 * At a call, nearly all compiled code has its frame's end at a register plus an
 * offset (or in a word there: realigned stacks), the return address just below
 * it, and the registers that a function must preserve in words near the frame's
 * end or near rbp.  Such rules take 16 bytes and are kept in one table for the
 * process, by address; all others are derived anew each time.
 *
 * Lock-free: a slot is never reused within a generation, so a reader that finds
 * its generation in the slot before and after has read one rule.  A writer that
 * is interrupted or killed at the wrong moment loses a slot.
 */
#ifndef UNWIND_CACHE_H
#define UNWIND_CACHE_H

#include "base/types.h"
#include "unwind/arch.h"

struct frame_rule {
	int32_t cfa_offset;
	uint8_t cfa_register;
	bool cfa_is_loaded : 1; /* the CFA is in the word at register + offset */
	bool is_outermost : 1;	/* no caller */
	uint8_t saved;		/* bit n: the nth register is saved ... */
	uint8_t saved_by_rbp;	/* ... at an offset from rbp, not from the CFA */
	int8_t slots[FRAME_RULE_REGISTER_COUNT]; /* that offset, in words */
	uint8_t unused[2];
};

extern const uint8_t frame_rule_registers[FRAME_RULE_REGISTER_COUNT];

uint64_t unwind_cache_generation(void);

/* Forgets all rules. */
void unwind_cache_flush(void);

/* True and *@rule if the rule at @address is known. */
bool unwind_cache_find(uint64_t generation, uintptr_t address, struct frame_rule *rule);

void unwind_cache_add(uint64_t generation, uintptr_t address, const struct frame_rule *rule);

#endif
