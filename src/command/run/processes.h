/* The processes of a run, from their results file. */
#ifndef COMMAND_RUN_PROCESSES_H
#define COMMAND_RUN_PROCESSES_H

#include "command/base/results_file.h"

#define PROCESSES_MAX 1024

/* Processes that still run, besides the program's own. */
struct processes {
	bool is_observed; /* the file has a PROCESS record */
	uint32_t count;
	pid_t pids[PROCESSES_MAX];
};

void processes_find(const struct results_file *results, pid_t program, struct processes *processes);

/* Kills @program and @processes by SIGKILL, all at the same moment, and waits until
 * @processes have ended. */
void processes_kill(const struct processes *processes, pid_t program);

/* Waits for the processes that --on-deadlock ends: in a deadlock of several processes
 * the program may end before the one that found it. */
void processes_await_end(const struct results_file *results);

#endif
