/* Finds PROGRAM, and checks that it can be observed. */
#ifndef COMMAND_RUN_PROGRAM_H
#define COMMAND_RUN_PROGRAM_H

#include "base/types.h"

struct program {
	char *path;	  /* for execve(); never freed */
	bool wants_shell; /* neither ELF nor "#!": run by /bin/sh if the kernel answers ENOEXEC */
};

/* Finds @name as execvp() would.  Returns 0, or the exit status after a message
 * (STATUS_NOT_FOUND, STATUS_NOT_EXECUTABLE). */
int program_find(const char *name, struct program *program);

/* Checks that @program, or the interpreter if it is a script, can be observed.  Returns
 * 0, or the exit status after a message: STATUS_FAILED if it cannot be observed. */
int program_check(struct program *program);

#endif
