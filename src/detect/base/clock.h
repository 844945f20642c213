/*
 * Clocks of threads: which events of the others happened before.
 *
 * Each thread has three vector clocks.  'full' is all of happens-before, which
 * races are classified by.  'structural' has only the edges that no schedule can
 * undo (create, join, barrier); 'hand_over' has all edges but those of mutexes
 * and rwlocks.  The latter two filter lock orders (lock_order.h).
 *
 * An access can only be recorded in an epoch that has not been released yet.  So
 * a release of 'full' ends its epoch, and the next one begins with the first access
 * recorded after that.  Programs that only lock therefore use up no epochs.
 *
 * 'stamp' names the content of 'full': slot (16 bits) and a version (48 bits)
 * that counts its changes.  A lock keeps the stamp of its last release.  An acquirer
 * that has joined that version from the slot has nothing to join.
 *
 * Accesses must be recorded, and atomic loads acquire, before a clock is released or
 * joined into.  race/memory.h does so; as it alone makes a clock_releaser or a
 * clock_joiner, it cannot be forgotten.
 *
 * Where races are predicted (race/predict.c), 'full' leaves out what locks order by
 * chance, so that checks let such accesses through to be judged, and 'all' has all of
 * happens-before; otherwise 'full' has, and clock_all() is that.  The edge of a lock
 * gets into 'full' once two of its critical sections are seen to conflict, as then
 * they cannot change places.  What joins 'full' by any other edge joins all that the
 * other knew (Kini, Mathur and Viswanathan, "Dynamic Race Prediction in Linear Time",
 * PLDI 2017, section 3, without the rule that an edge goes on through later locks:
 * it only makes fewer pairs predicted ones).
 *
 * All functions are called by the thread itself, unless they say otherwise.
 */
#ifndef DETECT_BASE_CLOCK_H
#define DETECT_BASE_CLOCK_H

#include "base/atomic.h"
#include "base/types.h"
#include "detect/data/shadow_word.h"
#include "detect/data/vclock.h"
#include "finding/finding.h"

struct detector;
struct thread;

/* A hand-over that a thread gave: what was recorded up to which of its epochs. */
struct thread_give {
	uint64_t hand_over;
	uint64_t epoch;
};

#define THREAD_GIVES 8u

/*
 * An assumed acquire of the thread: the other thread's epoch, as a plain word without
 * bytes, and the own epoch from which on it counts.  If it rests on findings that may
 * turn out to be errors, 'full' does not have it: findings about accesses that it alone
 * orders are held back (race/classify.c).  assumed.h has what is done with them.
 */
struct assumed_acquire {
	uint64_t word;
	uint64_t since;
	struct finding_pairs pairs;
};

#define ASSUMED_ACQUIRES 8u

struct thread_clocks {
	struct vclock full;
	struct vclock all; /* of happens-before, if races are predicted */
	bool predicts;
	bool has_marks; /* its epochs do: clock_mark_epochs() */
	uint32_t marks; /* of the next ones */
	struct vclock given; /* full with the assumed acquires; made if some are not in full */
	uint64_t stamp;
	uint64_t *current, *shared; /* what inline checks compare with: shadow_word.h */
	uint64_t *ahead;	    /* ... and loops without checks: x86/emit/range.h */
	bool has_recorded;	    /* an access since the last release */
	bool has_assumed;	    /* some may not be in 'full' */
	uint64_t echo;		 /* the last own epoch that others know of whom the thread knows */
	uint64_t recorded_epoch; /* the last one in which something was recorded */
	uint64_t began, began_before; /* it and the one before, not counting those ... */
	bool has_first_store;	      /* ... behind the first stores of sites */
	uint64_t assumed_epoch;	      /* another made an assumed acquire amid it */
	struct assumed_acquire assumed[ASSUMED_ACQUIRES]; /* by slot of the other; under
							   * detector.lock */
	uint64_t own_current, own_shared; /* where these point without inline checks */
	uint64_t own_ahead;
	struct vclock structural;
	struct vclock hand_over;
	uint64_t *seen; /* by slot: the newest stamp joined from it: sync/lock.c */
	uint32_t seen_capacity;
	uint32_t is_learnt; /* hand_over's present epoch, by others: clock_learn() */
	uint32_t give_count;
	struct thread_give gives[THREAD_GIVES]; /* the last ones, give n at n % THREAD_GIVES */
};

/* A thread that may pass its full clock on: memory_before_release(). */
struct clock_releaser {
	struct thread *thread;
};

/* A thread whose full clock may grow: memory_before_join(). */
struct clock_joiner {
	struct thread *thread;
};

/* All that happens before what a thread does now. */
static inline const struct vclock *clock_all(const struct thread_clocks *clocks)
{
	return UNLIKELY(clocks->predicts) ? &clocks->all : &clocks->full;
}

/* @thread begins in its slot, at epoch @first.  False without memory. */
bool clock_init(struct thread *thread, uint64_t first);

/* @thread has ended.  Returns the highest epoch or version that it has used. */
uint64_t clock_free(struct thread *thread);

/* The full clock as it is, for an object to keep.  NULL without memory. */
struct vclock_snapshot *clock_snapshot(struct clock_releaser by);

/* The same of @thread, which has ended: nothing of its is pending. */
struct vclock_snapshot *clock_at_end(struct thread *thread);

/*
 * The same for a lock, which takes a reference if it has none yet, and keeps beside it
 * the thread's present epoch, *@epoch: unless @is_exact the snapshot may be behind in that.
 */
struct vclock_snapshot *clock_base(struct clock_releaser by, bool is_exact, uint64_t *epoch);

/* Merges the full clock into *@into. */
void clock_merge_into(struct vclock_snapshot **into, struct clock_releaser by);

/* @child, which is being created, begins with its parent's clocks. */
void clock_inherit(struct thread *child, struct clock_releaser parent);

/* The epochs of @slot up to @epoch came before, for certain.  False: this was known. */
bool clock_raise(struct thread *thread, uint32_t slot, uint64_t epoch);

/*
 * @thread is about to learn of others, who know its own epochs up to @epoch: which is noted,
 * assumed.h needs it.
 */
void clock_note_echo(struct thread *thread, uint64_t epoch);

/* Joins into the full clock, and renews the stamp if that changed it. */
void clock_join(struct clock_joiner by, struct vclock_snapshot *from);

/* Joins what clock_base() gave to a lock: @from, and @epoch of the thread in @slot.  Unless
 * it @is_certain to order the two, clock_order_sections() may do so later. */
void clock_join_base(struct clock_joiner by, struct vclock_snapshot *from, uint32_t slot,
		     uint64_t epoch, bool is_certain);

/* Joins all three clocks of @target, which has ended or not begun. */
void clock_join_ended(struct detector *detector, struct clock_joiner by, struct thread *target);

/* In a fork's child: joins all that the parent's other threads did. */
void clock_join_all(struct detector *detector, struct clock_joiner by);

#define CLOCK_ANY_SLOT UINT32_MAX

/*
 * @thread was told something by the thread in @slot, or by any one if that is
 * CLOCK_ANY_SLOT, it is not known when: all that this one has done so far counts as handed
 * over.  What it does from its next new lock order on does not.
 */
void clock_learn(struct detector *detector, struct thread *thread, uint32_t slot);

/*
 * @thread stores what may tell others something.  Returns its epoch of 'hand_over', to be kept
 * there: what it does from its next new lock order on is in another one.  0: no thread has
 * recorded a lock order yet, so there is nothing to tell.
 */
uint64_t clock_tell(const struct detector *detector, struct thread *thread);

/* @thread has loaded what the thread in @slot has stored: that is, what clock_tell() gave,
 * counts as handed over.  (What others had handed to that one before does not.) */
void clock_be_told(struct detector *detector, struct thread *thread, uint32_t slot, uint64_t told);

/* Under detector.lock, before a lock order of @thread is recorded: ends an epoch of
 * 'hand_over' that others have learnt of. */
void clock_end_learnt(struct detector *detector, struct thread *thread);

/* Begins an epoch in which accesses can be recorded. */
void clock_begin_epoch(struct detector *detector, struct thread *thread);

/* The full clock was released: ends the epoch for recording. */
void clock_end_epoch(struct clock_releaser by);

/* The same behind the first store of a site. */
void clock_end_epoch_after_first(struct clock_releaser by);

/*
 * The epochs that @thread begins from now on have @marks, SHADOW_EPOCH_MARKS at most: by their
 * numbers, as of those of a slot that had marks once the lower bits are these.  So nothing needs to
 * be kept of marked epochs, however many there are (slot_marks()).  Called after clock_end_epoch().
 */
void clock_mark_epochs(struct detector *detector, struct thread *thread, uint32_t marks);

/* How many epochs lie between @epoch and the last one, roughly. */
static inline uint64_t clock_epochs_since(const struct thread_clocks *clocks, uint64_t epoch)
{
	return (load_relaxed(&clocks->recorded_epoch) - epoch) >>
	       (load_relaxed(&clocks->has_marks) ? SHADOW_EPOCH_MARK_BITS : 0);
}

/* Is @epoch the thread's present one or the one before, not counting those behind first stores? */
static inline bool clock_is_recent(const struct thread_clocks *clocks, uint64_t epoch)
{
	return epoch >= load_relaxed(&clocks->began_before) ||
	       clock_epochs_since(clocks, epoch) <= 1;
}

/* The hand-over or structural clock was released: begins another epoch of it. */
void clock_tick_hand_over(struct detector *detector, struct thread *thread);
void clock_tick_structural(struct detector *detector, struct thread *thread);

/* Recomputes the chain hashes of the held locks from the present base. */
void clock_rechain(struct detector *detector, struct thread *thread);

#endif
