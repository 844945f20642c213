/*
 * The outside: what may wake the program's threads beside themselves, as the
 * kernel says.
 */
#ifndef PRELOAD_OUTSIDE_OUTSIDE_H
#define PRELOAD_OUTSIDE_OUTSIDE_H

#include "detect/base/detector.h"

/* A detector_hooks.can_be_woken: a timer is armed, or the kernel knows a thread
 * that we do not. */
bool outside_can_wake(struct detector *detector);

/* A detector_hooks.has_handler: of a signal that may come while all threads sleep. */
bool outside_has_handler(struct detector *detector);

/* The number of threads of this process, for the kernel; 0 if it does not tell. */
uint32_t outside_thread_count(void);

/* The number of threads that have ended for the detector and run no code of the
 * program any more, but which the kernel may still count. */
extern uint32_t outside_leaving_count;

/* A detector_hooks.is_asleep, by /proc. */
bool outside_is_asleep(struct detector *detector, const struct thread *thread,
		       const struct wait *wait);

/* The calling (first) thread's stack. */
uintptr_t outside_stack_end(uintptr_t sp);
size_t outside_stack_bytes(void);

#endif
