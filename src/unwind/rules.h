/*
 * Call frame rules: how to find a caller's registers at one address.
 *
 * A function's entry is a little program that, run up to an address, says where
 * the frame ends (the canonical frame address, CFA: the stack pointer as it was
 * before the call) and where each register of the caller is (DWARF 5, section
 * 6.4.2).  A row is the state that it leaves.
 */
#ifndef UNWIND_RULES_H
#define UNWIND_RULES_H

#include "elf/eh_frame.h"

enum register_rule {
	RULE_SAME,	    /* not touched, or nothing said */
	RULE_UNDEFINED,	    /* lost; for the return address: no caller */
	RULE_AT_CFA,	    /* saved at CFA + value */
	RULE_CFA_PLUS,	    /* is CFA + value */
	RULE_REGISTER,	    /* is in register number value */
	RULE_AT_EXPRESSION, /* saved where the expression says */
	RULE_EXPRESSION	    /* is what the expression says */
};

/* Expressions are held as distances from the entry's own instructions; they begin
 * with their length. */
struct unwind_row {
	bool cfa_is_expression;
	uint8_t cfa_register;
	uint8_t rules[DWARF_REGISTER_COUNT]; /* enum register_rule */
	int32_t cfa_offset;		     /* from cfa_register */
	int32_t cfa_expression;
	int32_t values[DWARF_REGISTER_COUNT];
};

enum unwind_lookup {
	UNWIND_FOUND,
	UNWIND_NOT_THERE, /* no module, no table, or no entry covers it */
	UNWIND_NOT_UNDERSTOOD
};

/* The entry of the loaded function at @address. */
enum unwind_lookup unwind_find_entry(uintptr_t address, struct eh_frame_entry *entry);

/* The row at @address, which @entry covers.  False if it holds what we do not
 * understand. */
bool unwind_rules_at(const struct eh_frame_entry *entry, uintptr_t address, struct unwind_row *row);

/* The same; it holds up to *@end, which may be past the function's. */
bool unwind_rules_up_to(const struct eh_frame_entry *entry, uintptr_t address,
			struct unwind_row *row, uintptr_t *end);

#endif
