/*
 * Update groups: which loads a store's value rests on.
 *
 * A store and the loads of the same place that its value derives from share a
 * number, an update group: x = x + 1, or balance -= amount through a register, or
 * through stack slots as unoptimised code does it.  A load that decides a
 * branch which guards a store to its place belongs to that update group, too.  And a
 * load that a small loop waits for, doing nothing else, is marked as a spin.
 */
#ifndef X86_FLOW_UPDATE_GROUPS_H
#define X86_FLOW_UPDATE_GROUPS_H

#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

/*
 * Fills @update_groups and @flags (of enum plan_site_flag), one per instruction, both
 * zeroed by the caller.  @live is what liveness_compute() found.  Numbers go on
 * from *@update_group_count.  False: out of memory, and nothing is said.
 */
bool update_groups_find(const struct module *module, const struct function *function,
			struct scratch *scratch, const uint32_t *live, uint32_t *update_groups,
			uint16_t *flags, uint32_t *update_group_count);

#endif
