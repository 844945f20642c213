/*
 * Loads whose value a conditional move may throw away, a mask of no bits, or a false truth value.
 *
 * "ready ? data : 0" becomes a load of data whatever ready says, and a move that picks one of
 * two values.  The source loads it only if it is picked, and so the check is made only then:
 * before the load, or before the move if the flags are not known earlier.  If neither can be,
 * as the registers of the address have changed, the load is doubtful.
 */
#ifndef X86_LIVENESS_PICKS_H
#define X86_LIVENESS_PICKS_H

#include "x86/survey/module.h"

/* Fills 'picked_if' and 'picked_behind', or 'is_doubtful', of the instructions of @function,
 * but for loads of @update_groups (by instruction; 0: of none), on which stores rest.
 * @live: what is live before each instruction; the flags that the checks ask are added. */
void picks_find(const struct module *module, const struct function *function, uint32_t *live,
		const uint32_t *update_groups);

#endif
