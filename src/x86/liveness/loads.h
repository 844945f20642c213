/*
 * Loads of vectors of which parts are never needed.
 *
 * "for (i = 0; i < n; i += 2) sum += a[i]" becomes loads of whole vectors, in which every
 * second element is dropped.  The source does not access these, and another thread may
 * write them.  A loop with a condition loads all elements, to store or take those for
 * which it holds.  Backward analysis (lanes.h) to a fixed point; where it is not known
 * what code needs, as behind a branch out of the function, it needs everything.
 *
 * Calls and returns pass vectors in registers by the ABI: taken to be passed is what the
 * straight line before them has put there.  A value that a loop leaves in such a register
 * is not meant for a call behind it.
 */
#ifndef X86_LIVENESS_LOADS_H
#define X86_LIVENESS_LOADS_H

#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

/* Fills 'used_bytes', 'is_unused' and 'is_doubtful' of the instructions of @function. */
void loads_find_used(const struct module *module, const struct function *function,
		     struct scratch *scratch);

#endif
