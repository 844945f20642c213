/* The registers of a thread, by stopping it for a moment. */
#ifndef INSPECT_PROCESS_REGISTERS_H
#define INSPECT_PROCESS_REGISTERS_H

#include "inspect/base/target.h"

struct unwinder;

/* False: the system call that it is in would fail, or report a signal that never came. */
bool registers_may_stop(const struct target_thread *thread);

/* Stops @thread, reads its registers, walks its stack, and lets it go on. */
void registers_walk_stopped(struct target *target, struct unwinder *unwinder,
			    struct target_thread *thread);

/* Lets those go that stopped late. */
void registers_release(void);

#endif
