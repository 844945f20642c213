/*
 * A process that runs, as a target.
 *
 * Names, system calls and the registers that are saved in the kernel's stacks are read from
 * /proc and memory by process_vm_readv(), while the threads go on.  A thread is stopped, by
 * ptrace and for less than a millisecond, only if its stack cannot be followed without
 * its other registers, and never in a system call that would fail for that.
 */
#ifndef INSPECT_PROCESS_PROCESS_H
#define INSPECT_PROCESS_PROCESS_H

#include "inspect/base/target.h"

struct unwinder;

/* Reads modules and threads, without their stacks.  False, and the reason in @why: there
 * is no such process, or it cannot be looked at. */
bool process_open(struct target *target, struct pool *pool, pid_t pid,
		  char why[TARGET_MESSAGE_BYTES]);

/* Fills in the stack of @thread. */
void process_walk(struct target *target, struct unwinder *unwinder, struct target_thread *thread);

/* Is @thread in the system call that it was in when it was read? */
bool process_is_still(struct target *target, const struct target_thread *thread);

/* How often @thread has left the processor. */
uint64_t process_switches(const struct target *target, const struct target_thread *thread);

/* Of the threads that there are now. */
size_t process_thread_count(const struct target *target);

/* Does the program handle any signal? */
bool process_has_handler(const struct target *target);

#endif
