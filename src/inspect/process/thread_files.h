/* The threads of a process, and what each does, by /proc/PID/task. */
#ifndef INSPECT_PROCESS_THREAD_FILES_H
#define INSPECT_PROCESS_THREAD_FILES_H

#include "inspect/base/target.h"

/* False: there are none, or memory is short. */
bool thread_files_list(struct target *target);

/* The system call of @thread, its arguments, and where its stack is.  False: it has ended. */
bool thread_files_read_call(const struct target *target, struct target_thread *thread);

#endif
