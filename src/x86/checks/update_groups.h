/*
 * Update groups: a store and the loads of the same place that its value derives from.
 *
 * They share a number: x = x + 1, or balance -= amount, through registers or through
 * stack slots (unoptimised code).  So does a load that decides a branch which guards
 * a store to its place.  The loads of spin loops are marked as well.
 */
#ifndef X86_FLOW_UPDATE_GROUPS_H
#define X86_FLOW_UPDATE_GROUPS_H

#include "x86/flow/flow.h"

/* Fills @notes, by instruction, zeroed before.  @live is from liveness_compute().  Numbers go
 * on from those given out.  False: no memory, no result. */
bool update_groups_find(const struct module *module, const struct function *function,
			struct scratch *scratch, const uint32_t *live,
			const struct update_group_notes *notes);

#endif
