/*
 * DWARF expressions in unwind tables: code for a small stack machine (DWARF 5,
 * section 2.5).
 *
 * Used where a rule is not a register plus an offset: in functions that realign
 * the stack, in the procedure linkage table, in the kernel's signal frame.
 */
#ifndef UNWIND_EXPRESSION_H
#define UNWIND_EXPRESSION_H

#include "unwind/registers.h"

/* Evaluates the expression at @expression, which begins with its length.  *@initial,
 * unless NULL, is on the machine's stack at first.  False if it cannot be evaluated. */
bool unwind_evaluate(struct unwind_registers *registers, const unsigned char *expression,
		     const uintptr_t *initial, uintptr_t *value);

#endif
