/*
 * Expressions in unwind tables: a small stack machine (DWARF 5, section 2.5).
 *
 * Used where a frame cannot be described as register plus offset: realigned
 * stacks, procedure linkage tables, the kernel's signal frame.
 */
#ifndef UNWIND_EXPRESSION_H
#define UNWIND_EXPRESSION_H

#include "unwind/registers.h"

/* Evaluates the length-prefixed expression at @expression with the machine's
 * stack holding @initial if not NULL.  False if it cannot be evaluated. */
bool unwind_evaluate(struct unwind_registers *registers, const unsigned char *expression,
		     const uintptr_t *initial, uintptr_t *value);

#endif
