/*
 * The wait-for graph: deadlocks that happen.
 *
 * A thread that is about to block announces its wait, then walks: from the lock to its
 * holder, to what that waits for, and so on.  A closed walk is a deadlock if a second
 * look finds every wait and every owner unchanged.
 * Announcement and walk are separated by a full fence, so of the threads that
 * close a cycle the last one to announce sees all others: no timer, no helper
 * thread.  A timed wait breaks a cycle, but a condition wait, timed or not,
 * finally waits without bound for its mutex.
 */
#ifndef DETECT_DEADLOCK_WAIT_GRAPH_H
#define DETECT_DEADLOCK_WAIT_GRAPH_H

#include "detect/base/detector.h"

/* A consistent copy of what @thread waits for; false if it waits for nothing
 * or changed meanwhile. */
bool wait_read(const struct thread *thread, struct wait *copy);

/* Reports a deadlock that @thread, which waits, is part of.  @looking calls. */
bool wait_find_deadlock(struct detector *detector, struct thread *thread, struct thread *looking);

#endif
