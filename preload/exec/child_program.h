/*
 * Programs that are about to be executed: where they are, and whether they can
 * be observed.
 */
#ifndef PRELOAD_EXEC_CHILD_PROGRAM_H
#define PRELOAD_EXEC_CHILD_PROGRAM_H

#include "base/types.h"

/* Is there a file at @path at all? */
bool child_program_exists(const char *path);

/* The path that execvp(@name) would take first, in the thread's room; NULL if
 * there is none. */
const char *child_program_find(const char *name);

/* A path for the file open as @descriptor, or for @name in that folder if not
 * NULL; in the thread's room. */
const char *child_program_at(int descriptor, const char *name);

/* Why the program at @path cannot be observed; NULL if it can, or if that
 * cannot be told. */
const char *child_program_obstacle(const char *path);

#endif
