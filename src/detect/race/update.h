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
 * Which stores rest on which loads is known from the code: they share an update group
 * (site.h).  stale_read.h remembers such loads.  What silences it: another read of
 * the place since, the same value found there, another life of the memory, no other
 * writer.
 */
#ifndef DETECT_RACE_UPDATE_H
#define DETECT_RACE_UPDATE_H

#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/race/stale_read.h"

#define UPDATE_SPLITS 256u

/* Is there anything to do in update_note_access()? */
static inline bool update_concerns(const struct detector *detector, const struct thread *thread,
				   const struct site *site)
{
	return thread->accesses.stale_read_count || detector->split_count ||
	       (site && site->update_group);
}

/*
 * The access of @step, by @site, is about to be recorded and compared.  Sets
 * step->stale to the stale read that a racing read has become, or that a write rests
 * on; it is good until the thread's next access.  Without detector.lock.
 */
void update_note_access(struct race_step *step, const struct site *site);

/* The same for a locked instruction that has stored over the write @last. */
void update_note_locked(struct race_step *step, struct cell last);

/* @step's thread is about to read in a race with @step->other, a write that was not
 * there yet at update_note_access().  Returns the stale read that the read is, or NULL. */
const struct stale_read *update_meet(struct race_step *step);

/* Memory [start, start + size) begins or ends a life. */
void update_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes);

/* --- update_split.c: places that are updated in split sections -------------- */

/* The write @access of @step's thread, under a lock of @stale, rests on @stale, and
 * @last's write came between: a finding. */
void update_report_seen(struct race_step *step, const struct access *access,
			const struct stale_read *stale, const struct cell *last);

/* @thread is about to release a lock: reports its late act (stale_read.h), if there is one. */
void update_report_late(struct detector *detector, struct thread *thread);

/* The same, but none came between: remembers it, and reports what could have. */
void update_note_split(struct race_step *step, const struct access *access,
		       const struct stale_read *stale);

/* @step's thread updates a place: does another one so in split sections? */
void update_check_splits(struct race_step *step, const struct access *access);

/* @start to @end is not what it was. */
void update_forget_splits(struct detector *detector, uintptr_t start, uintptr_t end);

#endif
