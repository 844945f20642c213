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
 * (site.h).  stale_read.c remembers such loads.  What silences it: another read of
 * the place since, the same value found there, another life of the memory, no other
 * writer.
 *
 * Stale reads are loads on whose value a later write may rest.  Each thread remembers its
 * last ones, with the locks held then: what is read under a lock may be stale once that lock
 * was released.  A stale read is forgotten when its thread reads the place again, or the
 * memory's life ends.
 *
 * A load that races with a write may be the first half of an update, and is then reported
 * as a lost update alone.  So the assumed acquire that such a race makes (classify.c)
 * waits until the thread has stored, or releases.
 *
 * Other threads only look whether a remembered load is in memory that begins or ends a
 * life.
 */
#ifndef DETECT_RACE_UPDATE_H
#define DETECT_RACE_UPDATE_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/shadow/cells.h"

struct race_step;

#define UPDATE_SPLITS 256u

/* --- update.c --------------------------------------------------------------- */

/* Is there anything to do in update_note_access()? */
static inline bool update_concerns(const struct detector *detector, const struct thread *thread,
				   const struct site *site)
{
	return thread->accesses.stale_read_count || detector->split_count ||
	       (site && site->update_group);
}

/* May a site's access there be of an update in split sections?  Of sites of update groups. */
static inline bool update_may_be_split(const struct detector *detector,
				       const struct thread *thread, uintptr_t address,
				       size_t size_bytes, bool is_write)
{
	return is_write ? detector->split_count &&
				  marks_find(&detector->split_marks, address, size_bytes)
			: thread->held.count != 0;
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

/* @thread is about to release a lock: reports its late act (below), if there is one. */
void update_report_late(struct detector *detector, struct thread *thread);

/* The same, but none came between: remembers it, and reports what could have. */
void update_note_split(struct race_step *step, const struct access *access,
		       const struct stale_read *stale);

/* @step's thread updates a place: does another one so in split sections? */
void update_check_splits(struct race_step *step, const struct access *access);

/* @start to @end is not what it was. */
void update_forget_splits(struct detector *detector, uintptr_t start, uintptr_t end);

/* --- stale_read.c ----------------------------------------------------------- */

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
	bool decides;	   /* its value decided a branch, and is not what is stored */
	bool matches;	   /* ... by being equal to something (SITE_MATCHES) */
	bool is_reread;	   /* read again since, for the value to store: the decision is old */
	bool may_be_split; /* a lock may be released before the store that rests on it */
	bool is_split;	   /* one of its locks was released since */
	bool is_raced;	   /* it races with 'last' */
	bool has_acquired; /* the assumed acquire from the writer of 'last' was made */
	bool is_examined;  /* its value decides a branch and is stored, if !decides */
	bool is_settled;   /* ... and 'last', of an atomic, was looked up after the load */
	bool is_over;	   /* the memory's life has ended; set by who ends it */
	bool has_value;
	uint8_t given_up;	/* bit n: locks[n] was released since */
	uint32_t release_count; /* of its thread since */
	uint64_t value;
	struct cell last; /* the write whose value was read; word 0: none is known */
	uint32_t pair;	  /* the race with 'last': number of the finding */
	uint64_t known;	  /* hand-over epoch of the writer that was known then */
	uint32_t lock_count;
	uint32_t held_count; /* of all locks held then: lock_count or more */
	struct lockset_lock locks[STALE_READ_LOCKS];
};

/* The first from place @from on where @thread has a stale read; STALE_READS_KEPT: none is left. */
static inline uint32_t stale_read_from(const struct thread *thread, uint32_t from)
{
	uint32_t left = thread->accesses.stale_read_places >> from;

	return left ? from + (uint32_t)__builtin_ctz(left) : STALE_READS_KEPT;
}

/* Where each of them is.  They may be forgotten meanwhile. */
#define EACH_STALE_READ(at, thread)                                                                \
	for (uint32_t at = stale_read_from(thread, 0); at < STALE_READS_KEPT;                      \
	     at = stale_read_from(thread, at + 1))

static inline uint32_t stale_read_place(const struct thread *thread, const struct stale_read *stale)
{
	return 1u << (stale - thread->accesses.stale_reads);
}

/* A store that rests on a decision (a branch) which another thread's write has made untrue.
 * It is classified when the thread releases a lock: the value stored is in memory by then. */
struct late_act {
	bool is_waiting;
	struct stale_read stale;
	struct access access;
	struct cell last; /* the write that came in between */
	stack_id stack;
};

/* The late act of the thread whose stale reads are @reads: it stands behind them. */
static inline struct late_act *stale_reads_late_act(struct stale_read *reads)
{
	return (struct late_act *)&reads[STALE_READS_KEPT + 1];
}

/* Allocates the room for a thread's stale reads, if it has none; false: no memory.  To be
 * called before stale_read_count is raised. */
bool stale_reads_make(struct thread *thread);

/* Remembers @access, a load by @step's thread of what the write @last has stored.  @is_raced:
 * the two race.  NULL without memory. */
struct stale_read *stale_read_add(struct race_step *step, const struct access *access,
				  const struct cell *last, bool is_raced);

void stale_read_forget(struct thread *thread, struct stale_read *stale);

/* @thread has overwritten memory [start, start + size): forgets its reads of it. */
void stale_reads_overwrite(struct thread *thread, uintptr_t start, size_t size_bytes);

bool stale_read_overlaps(const struct stale_read *stale, uintptr_t start, size_t size_bytes);

/* The race of @stale, a stale read of @thread, is finding @pair. */
static inline void stale_read_note_pair(struct thread *thread, const struct stale_read *stale,
					uint32_t pair)
{
	thread->accesses.stale_reads[stale - thread->accesses.stale_reads].pair = pair;
}

/* Makes the assumed acquire from the writer of what @stale read, if the two race. */
void stale_read_acquire(struct detector *detector, struct thread *thread, struct stale_read *stale);

/* @thread releases, or another race of it is about to be classified: makes the assumed
 * acquires of all its stale reads that race. */
void stale_reads_acquire(struct detector *detector, struct thread *thread);

/* The stale reads of @access, just made by @thread, race with nothing that is ordered by now: an
 * acquire that was made before them is known only since. */
void stale_reads_order(struct thread *thread, const struct access *access);

/* Forgets all stale reads of @thread: it has made many accesses since the last one, each of
 * which had to search them. */
void stale_reads_expire(struct detector *detector, struct thread *thread);

/* @thread reads the memory of @access, of @update_group, again: forgets its older reads. */
void stale_reads_renew(struct thread *thread, const struct access *access, uint32_t update_group);

/* @thread releases @lock: notes it in the stale reads made under it. */
void stale_reads_split(struct thread *thread, lock_id lock);

/* Is a stale read of @thread in one of the granules there? */
bool stale_reads_touch(const struct thread *thread, uintptr_t address, size_t size_bytes);

/* Memory [start, start + size) begins or ends a life. */
void stale_reads_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes);

/* Do the values show that another thread has overwritten what @stale read? */
bool stale_read_is_overwritten(const struct stale_read *stale, const struct access *access);

/* Does @thread hold a lock that it held at the read, even if it released it in between? */
bool stale_read_is_under_same_lock(const struct thread *thread, const struct stale_read *stale);

/* Tells in @event of the locks held at the read.  Called with detector.lock held. */
void stale_read_tell_holds(struct detector *detector, const struct stale_read *stale,
			   struct finding_event *event);

#endif
