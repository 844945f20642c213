/* Taking a look: stacks and waits of a target's threads, and of those that they lead to. */
#ifndef INSPECT_WAITS_LOOK_H
#define INSPECT_WAITS_LOOK_H

#include "inspect/waits/verdict.h"

/* Looks at process @pid, and at other processes in which threads hold what it waits for.
 * False, and the reason in @why, if it cannot be looked at. */
bool look_at_processes(struct inspection *inspection, pid_t pid, char why[TARGET_MESSAGE_BYTES]);

/* The same of a core file, alone. */
bool look_at_core(struct inspection *inspection, const char *path, char why[TARGET_MESSAGE_BYTES]);

void look_close(struct inspection *inspection);

#endif
