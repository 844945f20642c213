/*
 * Flow: which loads the values in registers and stack slots derive from.
 *
 * Forward over a function's instructions, to a fixed point.  A value is two
 * things: a hash of how it was computed (equal hashes: the same value, so that
 * two operands name the same place), and the set of loads it rests on.  Where
 * paths meet with different values, the result is a new one, with both sets.
 *
 * It may pair too much (a pointer may have changed between two equal loads of
 * it): whoever uses the pairs compares the addresses as well.
 */
#ifndef X86_FLOW_H
#define X86_FLOW_H

#include "x86/module.h"
#include "x86/scratch.h"

#define FLOW_LOADS_MOST 64u

enum flow_role { FLOW_LOAD = 1u << 0, FLOW_STORE = 1u << 1 };

/* Loads that are told apart in one run: bit n of a set is at[n]. */
struct flow_loads {
	uint32_t at[FLOW_LOADS_MOST];
	uint64_t places[FLOW_LOADS_MOST]; /* hashes of their addresses */
	uint32_t count;
};

/* Where results go: arrays by instruction, and the last number given out. */
struct slice_notes {
	uint32_t *slices;
	uint16_t *flags;
	uint32_t *slice_count;
};

/*
 * Gets ready for a function: @roles and @live are those of its instructions.  What it
 * takes of @scratch is the caller's to release.  NULL: no memory, or too large.
 */
struct flow;
struct flow *flow_open(const struct module *module, const struct function *function,
		       struct scratch *scratch, const uint8_t *roles, const uint32_t *live);

/* Pairs the stores of the function with @loads. */
void flow_pair(struct flow *flow, struct flow_loads *loads, const struct slice_notes *notes);

#endif
