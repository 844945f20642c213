/*
 * The stacks of sites: of places in functions that make no call.
 *
 * A function has many, and their stacks differ in the innermost frame alone.  So the stack
 * memo keeps that of the function's caller, and beside it is kept which stack has a site on
 * top of which one.  Where nothing is known of the caller's code, as of code that a compiler
 * has made at run time, the stack ends there, wherever it is in memory.
 */
#ifndef UNWIND_SITE_MEMO_H
#define UNWIND_SITE_MEMO_H

#include "unwind/stack_memo.h"

/* The stack with @address on top of @outer; 0 if there is none to be had. */
typedef stack_id (*stack_extend)(void *context, stack_id outer, uintptr_t address);

struct stack_maker {
	stack_intern intern;
	stack_extend extend;
	void *context;
};

/* The stack at @start if its callers are known, else 0.  Does not unwind. */
stack_id site_memo_find(struct stack_memo *memo, uint32_t generation,
			const struct unwind_start *start, const struct stack_maker *maker);

/* The stack, unwound by rules that are in the cache if they lead to its end, else 0. */
stack_id site_memo_find_by_rules(struct stack_memo *memo, uint32_t generation,
				 const struct unwind_start *start,
				 const struct stack_maker *maker);

/* The same, unwound if they are not known; 0 if @maker returned that. */
stack_id site_memo_find_slow(struct stack_memo *memo, uint32_t generation,
			     const struct unwind_start *start, const struct stack_maker *maker);

#endif
