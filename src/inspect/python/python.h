/*
 * Python's own frames and locks, read from the interpreter's structures.
 *
 * Their layout is that of the version, from 3.9 to 3.13; of others nothing is said.
 */
#ifndef INSPECT_PYTHON_PYTHON_H
#define INSPECT_PYTHON_PYTHON_H

#include "inspect/objects/wait.h"

/* Adds to @waits, one for each thread, the frames in Python, what the locks of 'threading'
 * are, and who holds them.  Nothing if @target runs no Python that is known. */
void python_find(struct target *target, struct wait *waits);

/* The lock alone that @thread waits for, again. */
void python_find_lock(struct target *target, const struct target_thread *thread, struct wait *wait);

#endif
