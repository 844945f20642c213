/* Call stacks of a target's threads, by its unwind tables. */
#ifndef INSPECT_STACK_UNWIND_H
#define INSPECT_STACK_UNWIND_H

#include "inspect/base/target.h"

struct unwinder;

/* NULL if libunwind cannot be set up. */
struct unwinder *unwinder_new(struct target *target);
void unwinder_free(struct unwinder *unwinder);

/* Fills the frames of @thread from the registers that are known.  False: the stack could
 * be followed further with more of them. */
bool unwinder_walk(struct unwinder *unwinder, struct target_thread *thread);

#endif
