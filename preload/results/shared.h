/*
 * Process-shared locks: the guest's side of the registry (shared_registry.h).
 *
 * A thread that blocks has an entry there, if its process uses process-shared
 * locks; other processes pay nothing.  The keys of private locks, and of locks
 * in memory that turns out to be private, have the process in them, so that no
 * other process has the same key.
 */
#ifndef PRELOAD_RESULTS_SHARED_H
#define PRELOAD_RESULTS_SHARED_H

#include "detect/deadlock/shared_registry.h"
#include "preload/guest/guest.h"

extern bool shared_is_used; /* never cleared */

/* The life of @info's object has begun. */
static inline void shared_note(const struct sync_info *info)
{
	if (info && (info->attributes & SYNC_PROCESS_SHARED) && !(info->attributes & SYNC_NAMED))
		store_relaxed(&shared_is_used, true); /* relaxed: this thread sees it first */
}

/* @object is a file that was locked by flock(). */
void shared_note_file(struct sync_object *object);

/* After sink_blocked(), with the guard up.  True: this closed a deadlock of
 * several processes.  It was reported, and the other processes were ended if
 * --on-deadlock says so. */
bool shared_blocked(struct guest_thread *self);
void shared_unblocked(struct guest_thread *self);

/* @self is about to post the semaphore @object. */
void shared_posted(struct guest_thread *self, struct sync_object *object);

/* A process has begun.  @self: the thread of a fork's child, else NULL. */
void shared_process_begins(struct guest_thread *self);

/* The key of @info, a process-shared object or file, in all processes.  0: its
 * memory is private. */
uint64_t shared_lock_key(const struct sync_info *info);

#endif
