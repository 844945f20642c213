/* PROGRAM before it starts: where it is, and whether it can be observed. */
#ifndef COMMAND_RUN_PROGRAM_H
#define COMMAND_RUN_PROGRAM_H

#include "base/types.h"

struct program {
	char *path;	  /* as execve() takes it; never freed, as snarl ends soon */
	bool wants_shell; /* neither ELF nor "#!": /bin/sh runs it if the kernel does not */
};

/*
 * Finds @name as execvp() would.  Returns 0, or the exit status after a message
 * (STATUS_NOT_FOUND, STATUS_NOT_EXECUTABLE).
 */
int program_find(const char *name, struct program *program);

/*
 * Follows scripts to their interpreter.  Returns 0, or the exit status after a
 * message: STATUS_FAILED says why it cannot be observed.
 */
int program_check(struct program *program);

#endif
