/*
 * A core file as a target, of the kernel's, of gcore's or of another's making.
 *
 * Memory that it does not hold, because the files have it, is read from these; they must be
 * the same as then, by their build ids.  No byte of it is trusted.
 */
#ifndef INSPECT_CORE_CORE_H
#define INSPECT_CORE_CORE_H

#include "inspect/base/target.h"

struct core;

/* Reads modules and threads, without their stacks.  False, and the reason in @why. */
bool core_open(struct target *target, struct pool *pool, const char *path,
	       char why[TARGET_MESSAGE_BYTES]);
void core_close(struct target *target);

#endif
