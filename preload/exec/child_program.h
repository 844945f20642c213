/*
 * Programs that are about to be executed: where they are, and whether they can
 * be observed.
 */
#ifndef PRELOAD_EXEC_CHILD_PROGRAM_H
#define PRELOAD_EXEC_CHILD_PROGRAM_H

#include "base/types.h"

/* Is there a file at @path at all? */
bool child_program_exists(const char *path);

/* The path that execvp(@name) tries first, in the thread's room; NULL if there
 * is none. */
const char *child_program_find(const char *name);

/* A path of the open file @descriptor; with @name, of that file in the folder
 * @descriptor.  In the thread's room. */
const char *child_program_at(int descriptor, const char *name);

/* Why the program at @path cannot be observed; NULL if it can, or if that is
 * not known. */
const char *child_program_obstacle(const char *path);

#endif
