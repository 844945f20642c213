/*
 * What each thread of a run does when --timeout ends it: the system call that it is in, as
 * /proc tells, and its stack.
 */
#ifndef COMMAND_RUN_STATES_H
#define COMMAND_RUN_STATES_H

#include "command/base/results_file.h"

/* Records the threads of the observed process @pid, which runs. */
void states_record(const struct results_file *results, pid_t pid, const char *library);

#endif
