/*
 * Deadlocks of several processes, as a finding of the one that sees them.
 *
 * An event of another process has its number; its thread, lock and stacks are
 * that process's, which described them in the results file before it waited.
 */
#ifndef DETECT_DEADLOCK_SHARED_DEADLOCK_H
#define DETECT_DEADLOCK_SHARED_DEADLOCK_H

#include "detect/base/detector.h"
#include "detect/deadlock/shared_registry.h"

/* Reports @cycle, found by process @own for its @thread.  False if it does not exist any
 * more. */
bool shared_deadlock_report(struct detector *detector, struct thread *thread,
			    const struct shared_cycle *cycle, uint32_t own);

#endif
