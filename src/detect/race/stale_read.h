/*
 * Stale reads: loads on whose value a later write may rest.
 *
 * Each thread remembers its last ones, with the locks held then: what is read under a
 * lock may be stale once that lock was released (update.h says what follows).  Another
 * read of the place makes an older one irrelevant, another life of the memory ends it.
 *
 * A load that races with another's write may be the first half of an update, which is
 * then a lost update and nothing else.  So it waits for its store before it is taken for
 * an acquire of what the writer knew (classify.c), or until the thread releases.
 *
 * Others only look whether a remembered load is in memory that begins or ends a life.
 */
#ifndef DETECT_RACE_STALE_READ_H
#define DETECT_RACE_STALE_READ_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/shadow/cells.h"

struct race_step;

/* The update group of @access by @site, or of the call of the accessor that it is. */
static inline uint32_t update_group_of(const struct detector *detector, const struct access *access,
				       const struct site *site)
{
	const struct site *caller = site_get(&detector->sites, access->caller);

	if (caller)
		return caller->update_group;
	return site ? site->update_group : 0;
}

/* Of a thread; one more is room for the one in use. */
#define STALE_READS_KEPT 15u
#define STALE_READ_LOCKS 4u
#define STALE_READ_RELEASES 16u /* one that many releases ago is forgotten */

struct stale_read {
	uintptr_t address; /* 0: none */
	uint32_t size_bytes;
	uint32_t update_group;
	site_id site;
	origin_id origin;
	bool decides;	   /* a branch; whether also the value stored, is_reread tells */
	bool is_reread;	   /* the value, not the decision, was renewed */
	bool is_split;	   /* one of its locks was given up since */
	bool is_raced;	   /* with 'last' */
	bool has_acquired; /* the thread is taken to know what the writer of 'last' knew */
	bool is_examined;  /* of an atomic: decides a branch, besides being in the value */
	bool is_settled;   /* ... and 'last' is as it was after it */
	bool is_over;	   /* the memory's life; set by whoever ends it */
	bool has_value;
	uint8_t given_up;	/* bit n: locks[n] was, since */
	uint32_t release_count; /* since */
	uint64_t value;
	struct cell last; /* the write whose value was read; word 0: none is known */
	uint32_t pair;	  /* the finding that the two make */
	uint64_t known;	  /* hand-over epoch of its thread that was known then */
	uint32_t lock_count;
	uint32_t held_count; /* of all locks held then: lock_count or more */
	struct lockset_lock locks[STALE_READ_LOCKS];
};

/* An act that rests on a decision which another thread has made untrue: judged when the
 * thread gives up a lock, as what it stored is there then. */
struct late_act {
	bool is_waiting;
	struct stale_read stale;
	struct access access;
	struct cell last; /* the write that came in between */
	stack_id stack;
};

/* That of a thread which has @reads: it stands behind them. */
static inline struct late_act *stale_reads_late_act(struct stale_read *reads)
{
	return (struct late_act *)&reads[STALE_READS_KEPT + 1];
}

/* Room for them, once for a thread; false: no memory.  There must be room before
 * stale_read_count is raised, for whatever reason. */
bool stale_reads_make(struct thread *thread);

/* Remembers the read @access of @step's thread by @site, of what the write @last left,
 * with which it races or not.  NULL without memory. */
struct stale_read *stale_read_add(struct race_step *step, const struct access *access,
				  const struct cell *last, bool is_raced);

void stale_read_forget(struct thread *thread, struct stale_read *stale);

/* @thread has overwritten memory [start, start + size): forgets its reads of it. */
void stale_reads_overwrite(struct thread *thread, uintptr_t start, size_t size_bytes);

bool stale_read_overlaps(const struct stale_read *stale, uintptr_t start, size_t size_bytes);

/* The race of @stale, one of @thread's, is finding @pair. */
static inline void stale_read_note_pair(struct thread *thread, const struct stale_read *stale,
					uint32_t pair)
{
	thread->accesses.stale_reads[stale - thread->accesses.stale_reads].pair = pair;
}

/* The writer of what @stale read is taken to have released it. */
void stale_read_acquire(struct detector *detector, struct thread *thread, struct stale_read *stale);

/* @thread releases, or is about to be told of another race: all its racing reads were
 * acquires, whatever it does with what it read. */
void stale_reads_acquire(struct detector *detector, struct thread *thread);

/* @thread has made many accesses since the last of its reads, which all had to look at
 * them: it will not come back to these.  Forgets them. */
void stale_reads_expire(struct detector *detector, struct thread *thread);

/* @thread reads, as @access of @update_group says: forgets what that makes irrelevant. */
void stale_reads_renew(struct thread *thread, const struct access *access, uint32_t update_group);

/* @thread releases @lock. */
void stale_reads_split(struct thread *thread, lock_id lock);

/* Is one of @thread's in the granule of @address? */
bool stale_reads_touch(const struct thread *thread, uintptr_t address);

/* Memory [start, start + size) begins or ends a life. */
void stale_reads_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes);

/* Is what @stale read no longer there, although the thread has not written? */
bool stale_read_is_overwritten(const struct stale_read *stale, const struct access *access);

/* Does @thread hold a lock under which @stale was read, given up since or not? */
bool stale_read_is_under_same_lock(const struct thread *thread, const struct stale_read *stale);

/* Tells in @event of the locks held at the read.  Called with detector.lock held. */
void stale_read_tell_holds(struct detector *detector, const struct stale_read *stale,
			   struct finding_event *event);

#endif
