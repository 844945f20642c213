/*
 * Waits: calls that one load alone decides, and stores to its place behind both outcomes.
 *
 *     call lock; cmp $0,count; jne over; call wait; over: decl count
 *
 * Between the call before and the branch nothing else decides, the call stands alone in
 * what the branch skips or leads to, and the store is reached both through it and past it.
 * Load, call and stores share an update group.  Which call is a wait, and whether the
 * stores are to the same place, is seen as the program runs (detect/predicate/).
 */
#ifndef X86_FLOW_WAITS_H
#define X86_FLOW_WAITS_H

#include "x86/flow/flow.h"
#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

/* The branches of a function, in order. */
struct branch_list {
	const uint32_t *at;
	uint32_t count;
};

/* The load that alone decides whether call @call is made, and in *@past where the code
 * goes on without it; UINT32_MAX: there is none. */
uint32_t waits_load(const struct function *function, const struct branch_list *branches,
		    const uint8_t *roles, uint32_t call, uint32_t *past);

/* Marks load and call, and the stores like @load that are reached from behind the call and
 * from @past.  Without memory for that nothing is marked. */
void waits_mark(const struct function *function, struct scratch *scratch, const uint8_t *roles,
		uint32_t load, uint32_t call, uint32_t past,
		const struct update_group_notes *notes);

#endif
