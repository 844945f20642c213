/*
 * Read-write locks.
 *
 * A reader of a writer-preferring lock (glibc's PREFER_WRITER_NONRECURSIVE_NP)
 * queues behind writers that wait; one of the default kind passes them.
 */
#ifndef DETECT_SYNC_RWLOCK_H
#define DETECT_SYNC_RWLOCK_H

#include "detect/sync/lock.h"

/* How a read of @object waits. */
static inline enum lock_mode rwlock_read_mode(const struct sync_object *object)
{
	return object->info && (object->info->attributes & SYNC_WRITERS_FIRST) ? LOCK_SHARED_QUEUED
									      : LOCK_SHARED;
}

/* Before a call that may block.  A read of what the thread already reads is
 * classified here: read-recursion. */
void rwlock_wanted(struct detector *detector, struct thread *thread, struct sync_object *object,
		   enum lock_mode mode, bool is_timed, stack_id stack);

void rwlock_acquired(struct detector *detector, struct thread *thread, struct sync_object *object,
		     enum lock_mode mode, stack_id stack);

/* False if @thread does not hold it, by our state. */
bool rwlock_releasing(struct detector *detector, struct thread *thread,
		      struct sync_object *object);

#endif
