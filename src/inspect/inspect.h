/*
 * Looking at a process or a core file from outside: who waits for whom.
 *
 * The interface of this folder, for the command.  What is seen is written as records of a
 * results file, from which reports are made as from those of a run.
 */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#include <sys/types.h>

#include "inspect/base/target.h"

/* Looks at process @pid and writes records to the image of a results file; with @watch_ms
 * after so long, and says which threads have not moved.  False: it cannot be looked at, for
 * the reason in @why. */
bool inspect_process(pid_t pid, uint64_t watch_ms, void *image, struct pool *pool,
		     char why[TARGET_MESSAGE_BYTES]);

/* The same of the core file at @path. */
bool inspect_core(const char *path, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES]);

/* Adds to the records of process @pid in @image, if it is observed, what its threads do;
 * that it ran into --timeout alone if it cannot be looked at. */
void inspect_at_timeout(pid_t pid, void *image);

#endif
