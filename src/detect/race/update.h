/*
 * Updates that rest on a stale read, although every access is locked.
 *
 * An update in two critical sections reads in the first and writes, in the
 * second, what follows from the value read.  If another thread wrote in between,
 * its write is lost: seen to happen, an error.  If none did in this run, but
 * another thread updates the place under the same lock, it can happen: a
 * warning.  If not the value but the decision to write rests on the read, it is a
 * check-then-act.  (Burrows and Leino, "Finding stale-value errors in concurrent
 * programs", 2004; RULES.md, 'Lost updates'.)
 *
 * Which stores rest on which loads is known from the code: they share a slice
 * (site.h).  Each thread remembers its last such loads, with the locks held then;
 * giving one of these locks up splits the sections.  What silences it: another
 * read of the place since, the same value found there, another life of the
 * memory, no other writer.
 *
 * A load that races with another's write may be the first half of an update, too,
 * which is then a lost update and nothing else.  So it waits for its store
 * before the thread is taken to have learnt from it what the writer knew
 * (race_judge.c).
 */
#ifndef DETECT_RACE_UPDATE_H
#define DETECT_RACE_UPDATE_H

#include "detect/base/thread.h"
#include "detect/race/access.h"
#include "detect/shadow/cells.h"

struct race_step;

#define UPDATE_BASES 16u
#define UPDATE_LOCKS 4u
#define UPDATE_SPLITS 256u
#define UPDATE_RELEASES 16u /* a read this many of them ago is no basis any more */

/* A load on whose value a later write may rest. */
struct basis {
	uintptr_t address; /* 0: none */
	uint32_t size_bytes;
	uint32_t slice;
	site_id site;
	origin_id what;
	bool decides;	 /* a branch; whether also the value stored, is_stale_value() tells */
	bool is_reread;	 /* the value, not the decision, was renewed */
	bool is_split;	 /* one of its locks was given up since */
	bool is_raced;	 /* with 'last' */
	bool has_learnt; /* the thread is taken to know what the writer of 'last' knew */
	bool is_over;	 /* the memory's life; set by whoever ends it */
	bool has_value;
	uint8_t given_up; /* bit n: locks[n] was, since */
	uint32_t release_count; /* since */
	uint64_t value;
	struct cell last; /* the write whose value was read; word 0: none is known */
	uint64_t known;	  /* hand-over epoch of its thread that was known then */
	uint32_t lock_count;
	uint32_t held_count; /* of all locks held then: lock_count or more */
	struct lockset_lock locks[UPDATE_LOCKS];
};

/*
 * @step's thread is about to read or write, as @access says; @last is the last
 * write of the place before that, which may be unordered with it.  Called before
 * the access is judged, without detector.lock.  Returns the basis that a racing
 * read has become, or that a write rests on; it is good until the thread's next
 * access.  NULL: none.
 */
const struct basis *update_read(struct race_step *step, const struct access *access,
				const struct cell *last);
const struct basis *update_write(struct race_step *step, const struct access *access,
				 const struct cell *last);

/* @step's thread is about to read in a race with @step->other, a write that was not
 * there yet when update_read() was asked.  Returns the basis that the read is. */
const struct basis *update_meet(struct race_step *step);

/* Is what @basis read no longer there, although the thread has not written? */
bool update_is_value_seen(const struct basis *basis, const struct access *access);

/* @thread gives lock @lock up. */
void update_split(struct thread *thread, lock_id lock);

/*
 * @thread gives away what it knows, or is about to be told of another race: it
 * has learnt from the writers whose values it read, whatever it does with them.
 */
void update_learn(struct detector *detector, struct thread *thread);

/* @thread has made many accesses since its last basis, which all had to look at
 * them: it will not come back to these.  Forgets them. */
void update_expire(struct detector *detector, struct thread *thread);

/* Does something that @thread remembers touch the granule of @address? */
bool update_rests_on(const struct thread *thread, uintptr_t address);

/* Memory [start, start + size) begins or ends a life. */
void update_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes);

/* Is there anything to ask update_read() or update_write() for? */
static inline bool update_concerns(const struct detector *detector, const struct thread *thread,
				   const struct site *site)
{
	return thread->basis_count || detector->split_count || (site && site->slice);
}

/* --- update_split.c: places that are updated in split sections -------------- */

/* The write @access of @step's thread, under a lock of @basis, rests on @basis, and
 * @last's write came between: a finding. */
void update_report_seen(struct race_step *step, const struct access *access,
			const struct basis *basis, const struct cell *last);

/* The same, but none came between: remembers it, and reports what could have. */
void update_note_split(struct race_step *step, const struct access *access,
		       const struct basis *basis);

/* @step's thread updates a place: does another one so in split sections? */
void update_check_splits(struct race_step *step, const struct access *access);

/* @start to @end is not what it was. */
void update_forget_splits(struct detector *detector, uintptr_t start, uintptr_t end);

/* Tells in @event, of the read @basis, of the locks held.  Called with detector.lock
 * held. */
void update_tell_holds(struct detector *detector, const struct basis *basis,
		       struct finding_event *event);

/* Does @thread hold a lock under which @basis was read, given up since or not? */
bool update_is_under_same_lock(const struct thread *thread, const struct basis *basis);

#endif
