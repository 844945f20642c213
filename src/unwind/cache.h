/*
 * A cache of frame rules, by code address, for the whole process.
 *
 * At a call, nearly all compiled code has its CFA (the end of its frame) at a
 * register plus an offset, or, where the stack is realigned, in a word there; the
 * return address just below it; and the callee-saved registers in words near the
 * CFA or near the frame pointer.  Such a rule takes 16 bytes and is kept.  Other rules are
 * derived from the unwind tables each time.  That code has no table is kept, too.
 * Most of a function has one rule, so that of a small block of code is kept once for all of its
 * addresses if it holds in the whole block.
 *
 * Lock-free: a slot is never reused within a generation, so a reader that finds
 * its generation in the slot before and after it read the rule has read one rule.
 * A slot is lost if its writer is interrupted or killed while filling it.
 */
#ifndef UNWIND_CACHE_H
#define UNWIND_CACHE_H

#include "base/types.h"
#include "unwind/arch.h"

#define FRAME_RULE_REGISTER_COUNT (PRESERVED_COUNT + 1)

struct frame_rule {
	int32_t cfa_offset;
	uint8_t cfa_register;
	bool cfa_is_loaded : 1; /* the CFA is in the word at register + offset */
	bool is_outermost : 1;	/* there is no caller */
	bool has_no_table : 1;	/* nothing is known of this code */
	uint8_t saved;		/* bit n: the nth register is saved */
	uint8_t saved_by_frame; /* bit n: at an offset from the frame pointer, not the CFA */
	int8_t slots[FRAME_RULE_REGISTER_COUNT]; /* this offset, in words */
	uint8_t unused[2];
};

extern const uint8_t frame_rule_registers[FRAME_RULE_REGISTER_COUNT];

uint64_t unwind_cache_generation(void);

/* Forgets all rules. */
void unwind_cache_flush(void);

/* True and *@rule if the rule at @address is known. */
bool unwind_cache_find(uint64_t generation, uintptr_t address, struct frame_rule *rule);

void unwind_cache_add(uint64_t generation, uintptr_t address, const struct frame_rule *rule);

/* @rule holds from @start to @end, where @address is. */
void unwind_cache_add_row(uint64_t generation, uintptr_t address, uintptr_t start, uintptr_t end,
			  const struct frame_rule *rule);

#endif
