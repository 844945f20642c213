/*
 * Starting PROGRAM and waiting for its end, as env(1) and time(1) do.
 *
 * The program stays in our process group and gets the terminal's signals itself.  We
 * survive them, and pass on those that were sent to us alone (SIGTERM, SIGHUP, ...).
 */
#ifndef COMMAND_RUN_LAUNCH_H
#define COMMAND_RUN_LAUNCH_H

#include <sys/types.h>

#include "base/types.h"

struct launch {
	const char *path;
	char **argv;
	bool wants_shell;     /* run by /bin/sh if the kernel answers ENOEXEC */
	const char *library;  /* to preload, before the user's own */
	const char *settings; /* SNARL_OPTIONS */
};

/* Starts the program.  0 and its pid, or the errno of fork or exec. */
int launch_start(const struct launch *launch, pid_t *pid);

/* Waits until the program ends: true and its wait status; false after @timeout_ms
 * (0: no limit). */
bool launch_wait(pid_t pid, uint64_t timeout_ms, int *wait_status);

#endif
