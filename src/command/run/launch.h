/*
 * Starting PROGRAM and waiting for its end, as env(1) and time(1) would do.
 *
 * The program stays in our process group and gets the terminal's signals
 * itself; we sit out SIGINT and SIGQUIT, and pass SIGTERM and SIGHUP on.
 */
#ifndef COMMAND_RUN_LAUNCH_H
#define COMMAND_RUN_LAUNCH_H

#include <sys/types.h>

#include "base/types.h"

struct launch {
	const char *path;
	char **argv;
	bool wants_shell;     /* /bin/sh runs it if the kernel does not know it */
	const char *library;  /* to preload, before what the user preloads */
	const char *settings; /* SNARL_OPTIONS */
};

/*
 * Starts the program.  0 and its pid, or the errno with which fork or exec
 * failed.
 */
int launch_start(const struct launch *launch, pid_t *pid);

/*
 * Waits until the program ends: true and its wait status; false when
 * @timeout_ms (0: for ever) have passed since the call.
 */
bool launch_wait(pid_t pid, uint64_t timeout_ms, int *wait_status);

#endif
