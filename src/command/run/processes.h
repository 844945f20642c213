/* The processes of a run, as their results file tells of them. */
#ifndef COMMAND_RUN_PROCESSES_H
#define COMMAND_RUN_PROCESSES_H

#include "command/base/results_file.h"

#define PROCESSES_MAX 1024

/* Processes that still run, the program's own one aside. */
struct processes {
	bool is_observed; /* a process has said that it is there */
	uint32_t count;
	pid_t pids[PROCESSES_MAX];
};

void processes_find(const struct results_file *results, pid_t program, struct processes *processes);

/* Ends @program and @processes by SIGKILL, all at one point of their time, and
 * waits until the latter have ended. */
void processes_kill(const struct processes *processes, pid_t program);

/* Waits for the processes that --on-deadlock ends: of a deadlock of several, the
 * program may be gone before the one that found it. */
void processes_await_end(const struct results_file *results);

#endif
