/*
 * Process-shared locks: the guest's side of the registry (shared_registry.h).
 *
 * A thread that blocks says so there if its process uses process-shared locks
 * at all; processes that do not pay nothing.  Locks in memory that turns out to
 * be private, and private locks, are named so that no other process means them.
 */
#ifndef PRELOAD_RESULTS_SHARED_H
#define PRELOAD_RESULTS_SHARED_H

#include "detect/deadlock/shared_registry.h"
#include "preload/guest/guest.h"

extern bool shared_is_used; /* only ever set */

/* @info's life began. */
static inline void shared_note(const struct sync_info *info)
{
	if (info && (info->attributes & SYNC_PROCESS_SHARED) && !(info->attributes & SYNC_NAMED))
		store_relaxed(&shared_is_used, true); /* relaxed: this thread sees it first */
}

/* @object is a file that was locked by flock(). */
void shared_note_file(struct sync_object *object);

/* After sink_blocked(), with the guard up.  True: this closed a deadlock of
 * several processes, which was reported; the other processes have been ended,
 * if --on-deadlock wants it. */
bool shared_blocked(struct guest_thread *self);
void shared_unblocked(struct guest_thread *self);

/* @self is about to post the semaphore @object. */
void shared_posted(struct guest_thread *self, struct sync_object *object);

/* This process is recorded; in a fork's child @self is its thread, else NULL. */
void shared_process_begins(struct guest_thread *self);

/* What @info, a process-shared object or file, is called in all processes; 0: it is
 * not shared after all. */
uint64_t shared_lock_key(const struct sync_info *info);

#endif
