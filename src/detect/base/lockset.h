/*
 * Locksets: a stack, and the locks that a thread held with it.
 *
 * A report of an access must be true of that access, long after it.  So its locks
 * are recorded with its stack: each pair of a stack and the locks held is kept once
 * and has a number, by which origins (origin.h) name it.  A lock is recorded with
 * the number of its life, since ids are given out again: an id that belongs to
 * another life by the time of the report is not shown.
 *
 * Looking up takes no lock; adding takes a spin lock and gives up if that is not
 * to be had.  The number of locksets is bounded.  Past it there is one more for
 * each stack, which says that the locks are not recorded.
 */
#ifndef DETECT_BASE_LOCKSET_H
#define DETECT_BASE_LOCKSET_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/spin_lock.h"
#include "base/types.h"
#include "finding/finding.h"

struct detector;
struct held_lock;
struct thread;

/* A lock, as it was held. */
struct lockset_lock {
	lock_id lock; /* 0: its life had ended, although it was held */
	stack_id stack;
	uint64_t life; /* sync_info.life */
	enum hold_mode mode;
};

#define LOCKSET_UNKNOWN UINT32_MAX

struct lockset {
	struct intern_link link;
	uint32_t id;
	stack_id stack;
	uint32_t lock_count; /* of all that were held, or LOCKSET_UNKNOWN */
	uint32_t present;    /* of locks[]: the innermost ones */
	uint64_t hash;
	struct lockset_lock locks[];
};

#define LOCKSETS_MOST (1u << 18)

struct lockset_table {
	struct spin_lock busy;
	struct arena arena;
	struct id_table sets;
	struct intern_table by_locks;
	uint32_t most; /* of those with locks: LOCKSETS_MOST */
};

void lockset_table_init(struct lockset_table *table, page_source pages);

/* Notes the innermost locks that @thread holds, at most @most; returns how many. */
uint32_t lockset_note(const struct thread *thread, struct lockset_lock *locks, uint32_t most);

/* The number of @stack with what @thread holds now; 0: none was to be had. */
uint32_t lockset_intern(struct detector *detector, const struct thread *thread, stack_id stack);

/* NULL for numbers that were not given out. */
static inline const struct lockset *lockset_get(const struct lockset_table *table, uint32_t id)
{
	return id ? id_table_get(&table->sets, id) : NULL;
}

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
