/*
 * Call frame rules: how to find the caller's registers at one address.
 *
 * The instructions of a function's entry, executed up to an address, say where the
 * frame ends (the canonical frame address, CFA: the stack pointer before the call)
 * and where each register of the caller is (DWARF 5, section 6.4.2).  A row is
 * these rules at one address.
 */
#ifndef UNWIND_RULES_H
#define UNWIND_RULES_H

#include "elf/eh_frame.h"

enum register_rule {
	RULE_SAME,	    /* has the caller's value, or nothing is said of it */
	RULE_UNDEFINED,	    /* lost; for the return address: there is no caller */
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
	UNWIND_NOT_THERE, /* no module, no table, or no entry for it */
	UNWIND_NOT_UNDERSTOOD
};

/* The entry that covers @address in a loaded module. */
enum unwind_lookup unwind_find_entry(uintptr_t address, struct eh_frame_entry *entry);

/* The row at @address, which @entry covers.  False if its instructions are not
 * understood. */
bool unwind_rules_at(const struct eh_frame_entry *entry, uintptr_t address, struct unwind_row *row);

/* The same; the row holds from *@start up to *@end, which may be beyond the function's end. */
bool unwind_rules_around(const struct eh_frame_entry *entry, uintptr_t address,
			 struct unwind_row *row, uintptr_t *start, uintptr_t *end);
bool unwind_rules_up_to(const struct eh_frame_entry *entry, uintptr_t address,
			struct unwind_row *row, uintptr_t *end);

#endif
