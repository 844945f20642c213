/*
 * Flow: which loads the values in registers and stack slots derive from.
 *
 * Two forward analyses run to a fixed point.  The first (places.c) gives every value
 * a hash of how it was computed: equal hashes mean equal values, so operands with
 * equal address hashes name the same place.  Where paths meet with different values,
 * the result is a new value.  If a store goes to the place of a load, the second
 * (sets.c) follows which of these loads every value derives from.
 *
 * May pair too much, as a pointer may change between two loads of it.  Accepted
 * because the users of pairs compare addresses as well.
 */
#ifndef X86_FLOW_FLOW_H
#define X86_FLOW_FLOW_H

#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

#define FLOW_LOADS_MOST 256u
#define FLOW_PART 4u /* a vector is stored to places that far apart */

enum flow_role {
	FLOW_LOAD = 1u << 0,
	FLOW_STORE = 1u << 1,
	FLOW_OPEN = 1u << 2 /* a call that may do either, in any place: open_calls.c */
};

/* By the layout: from the target of a branch backwards to the branch. */
struct flow_loop {
	uint32_t first, last;
};

/* Loads, by their instructions, in order. */
struct flow_loads {
	uint32_t at[FLOW_LOADS_MOST];
	uint32_t first_after[FLOW_LOADS_MOST]; /* the first code that may run after it */
	struct flow_loop loops[FLOW_LOADS_MOST]; /* the smallest one around it */
	uint32_t count;
};

/* The results, by instruction, and the last number given out. */
struct update_group_notes {
	uint32_t *update_groups;
	uint32_t *flags;
	uint16_t *arguments; /* of calls that store: which may be stored */
	uint32_t *update_group_count;
};

/* Pairs the stores of @function with @loads, and removes loads without a store from
 * @loads.  @roles and @live are by instruction.  False: no memory, no result. */
bool flow_pair(const struct module *module, const struct function *function,
	       struct scratch *scratch, const uint8_t *roles, const uint32_t *live,
	       struct flow_loads *loads, const struct update_group_notes *notes);

#endif
