/*
 * Locksets: a stack, and the locks that a thread held with it.
 *
 * A report of an access must be true of that access, long after it.  So its locks
 * are recorded with its stack: each pair of a stack and the locks held is kept once
 * and has a number, by which origins (origin.h) name it.  A lock is recorded with
 * the number of its life, since ids are given out again: an id that belongs to
 * another life by the time of the report is not shown.
 *
 * Those that come and go with short-lived locks give their numbers back (numbered.h);
 * of an old access neither stack nor locks may then be known.
 */
#ifndef DETECT_BASE_LOCKSET_H
#define DETECT_BASE_LOCKSET_H

#include "base/types.h"
#include "detect/data/numbered.h"
#include "finding/finding.h"

struct detector;
struct held_lock;
struct thread;

/* A lock, as it was held.  Has no gaps, as bytes are compared. */
struct lockset_lock {
	lock_id lock; /* 0: its life had ended, although it was held */
	stack_id stack;
	uint64_t life; /* sync_info.life */
	uint64_t mode; /* enum hold_mode */
};

struct lockset {
	stack_id stack;
	uint32_t lock_count; /* of all that were held */
	uint64_t present;    /* of locks[]: the innermost ones */
	struct lockset_lock locks[FINDING_HOLD_MAX];
};

/* Notes the innermost locks that @thread holds, at most @most; returns how many. */
uint32_t lockset_note(const struct thread *thread, struct lockset_lock *locks, uint32_t most);

/* The number of @stack with what @thread holds now; 0: none was to be had. */
uint32_t lockset_intern(struct detector *detector, const struct thread *thread, stack_id stack);

/* Copies what @id names.  False if that is gone. */
bool lockset_read(const struct detector *detector, uint32_t id, struct lockset *set);

/* Does @thread hold a lock alone that was held alone with @set, too? */
bool lockset_shares_lock(const struct lockset *set, const struct thread *thread);

/* Can nobody hold @lock, as @thread does, while another thread holds the locks of @set?  True
 * if these are not all known. */
bool lockset_excludes(const struct lockset *set, const struct held_lock *lock);

/* Tells in @event of @present locks, the innermost of @count.  Called with
 * detector.lock held. */
void lockset_tell(struct detector *detector, struct finding_event *event,
		  const struct lockset_lock *locks, uint32_t present, uint32_t count);

#endif
