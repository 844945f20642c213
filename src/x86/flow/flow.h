/*
 * Flow: which loads the values in registers and stack slots derive from.
 *
 * Two analyses go forward over a function's instructions, to a fixed point.  The
 * first (flow_places.c) gives every value a hash of how it was computed, so that
 * equal hashes mean equal values, and two operands with equal addresses the same
 * place.  Where paths meet with different values, the result is a new one.  If some
 * store goes to the place of a load, the second one (flow_sets.c) follows which of
 * these loads every value rests on.
 *
 * It may pair too much (a pointer may have changed between two equal loads of
 * it): whoever uses the pairs compares the addresses as well.
 */
#ifndef X86_FLOW_FLOW_H
#define X86_FLOW_FLOW_H

#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

#define FLOW_LOADS_MOST 256u

enum flow_role { FLOW_LOAD = 1u << 0, FLOW_STORE = 1u << 1 };

/* Loads, by their instructions, in order. */
struct flow_loads {
	uint32_t at[FLOW_LOADS_MOST];
	uint32_t first_after[FLOW_LOADS_MOST]; /* no code before that comes after it */
	uint32_t count;
};

/* Where results go: arrays by instruction, and the last number given out. */
struct update_group_notes {
	uint32_t *update_groups;
	uint16_t *flags;
	uint32_t *update_group_count;
};

/*
 * Pairs the stores of @function with @loads; @roles and @live are those of its
 * instructions.  Of @loads those stay that a store may be paired with.  False: no
 * memory, and nothing is said.
 */
bool flow_pair(const struct module *module, const struct function *function,
	       struct scratch *scratch, const uint8_t *roles, const uint32_t *live,
	       struct flow_loads *loads, const struct update_group_notes *notes);

#endif
