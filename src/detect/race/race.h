/*
 * Races: what an access finds in shadow memory, and what it leaves there.
 *
 * FastTrack (Flanagan and Freund, PLDI 2009), byte precise: of each byte the
 * last write and the reads since are known.  A write races with an earlier
 * access to its bytes, a read with the last write, unless the earlier one's
 * epoch is covered by the thread's clock.
 *
 * Of two accesses that happen at the same time each first changes the word of its
 * own plane, by an atomic instruction, and then looks at the other's: at least
 * one of them sees the other.
 *
 * record_fast.h has what is recorded without the engine.  race.c records, compare.c compares;
 * words.c says what the words become; life.c begins and ends lives of memory.  classify.c goes
 * from a pair of accesses that conflict to a finding or an order: late_order.c makes the acquires
 * that may order them yet, verdict.c says what the pair is, predict.c what one is that a lock has
 * ordered, and report.c tells of it.
 *
 * Two rooms belong to the same engine: atomics/ has the memory that synchronises by itself,
 * updates/ the loads on whose value a later store rests.
 */
#ifndef DETECT_RACE_RACE_H
#define DETECT_RACE_RACE_H

#include "detect/base/assumed.h"
#include "detect/base/thread.h"
#include "detect/race/access.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"

/* One access to one granule, on its way through shadow memory. */
struct race_step {
	struct detector *detector;
	struct thread *thread;
	const struct access *access;
	uintptr_t granule;
	uint32_t bytes; /* of the granule */
	uint64_t mine;	/* the plain word of this access */
	origin_id origin; /* of this access, once needed */
	bool is_write;
	bool is_freeing; /* the end of the memory's life */
	bool is_dropped; /* and then its words are cleared */
	bool keeps_callers;
	bool has_conflict; /* with an access by another thread that nothing orders with it */
	bool has_released; /* a store that ends the epoch: it may be a flag's */
	bool is_release; /* ... as another thread seems to acquire by it: ordering_note_own() */
	uint64_t told;	 /* the pair of places that was told of last */

	/* What it conflicts with, for race_classify(). */
	bool other_is_write;
	bool other_is_freed;   /* the memory was freed then */
	uint64_t other;	       /* plain word */
	uint32_t shared_bytes; /* of the granule, that both access */
	origin_id other_origin;
	site_id site;	    /* whose access this is at the shared bytes, and ... */
	site_id other_site; /* ... whose the other was; 0: not known */

	const struct stale_read *stale; /* of an update: update.h; may be NULL */
};

/* One of a granule's two words: where it is. */
struct race_place {
	uint64_t *word;
	uint32_t *origin;
	uintptr_t granule;
	bool is_write;
};

static inline struct race_place race_place(struct shadow shadow, uintptr_t granule, bool is_write)
{
	return (struct race_place){
		is_write ? shadow.write : shadow.read,
		is_write ? &shadow.origins->write : &shadow.origins->read,
		granule,
		is_write,
	};
}

/* A word without its bytes: whose access, and when. */
static inline uint64_t race_base(uint64_t word)
{
	return word & ~(uint64_t)SHADOW_ALL_BYTES;
}

static inline bool race_is_certain_order(const struct thread *thread, uint64_t word)
{
	return vclock_get(clock_all(&thread->clocks), shadow_slot(word)) >= shadow_epoch(word);
}

/* Is there nothing to tell of @word and what @thread does now?  Unless races are predicted
 * that is the same. */
static inline bool race_is_covered(const struct thread *thread, uint64_t word)
{
	return vclock_get(&thread->clocks.full, shadow_slot(word)) >= shadow_epoch(word);
}

/* The same of @word if it is none or plain. */
static inline bool race_is_past(const struct thread *thread, uint64_t word)
{
	return !word || (shadow_form(word) == SHADOW_PLAIN && race_is_covered(thread, word));
}

static inline bool race_is_ordered(const struct thread *thread, uint64_t word)
{
	return race_is_certain_order(thread, word) || assumed_find(thread, word);
}

static inline origin_id race_origin(struct race_step *step)
{
	if (!step->origin)
		step->origin = origin_of_access(step->detector, step->thread, step->access,
						step->keeps_callers);
	return step->origin;
}

/* Which bytes of @granule [start, end) has. */
static inline uint32_t race_bytes_in(uintptr_t granule, uintptr_t start, uintptr_t end)
{
	uint32_t first = start > granule ? (uint32_t)(start - granule) : 0;
	uint32_t last = end < granule + SHADOW_GRANULE ? (uint32_t)(end - granule) : SHADOW_GRANULE;

	return (SHADOW_ALL_BYTES << first & SHADOW_ALL_BYTES) &
	       SHADOW_ALL_BYTES >> (SHADOW_GRANULE - last);
}

/* Makes the word at @place, which was *@old, @word, whose origin will be @origin, as
 * claim_exchange() does. */
static inline bool race_exchange(struct detector *detector, struct race_place place, uint64_t *old,
				 uint64_t word, origin_id origin)
{
	uint32_t taken = UNLIKELY(origin_may_fit(*old, word))
				 ? origin_make_way(place.origin, origin, word)
				 : 0;

	if (LIKELY(claim_exchange(detector, place.word, old, word)))
		return true;
	origin_give_back(place.origin, place.word, taken);
	return false;
}

/* --- race.c ---------------------------------------------------------------- */

/* False: @thread's accesses cannot be recorded (counted). */
bool race_begin(struct detector *detector, struct thread *thread, const struct access *access);

/* Puts the step's read into @place, the read plane's, which was @old: neither busy nor atomic.
 * False: it is not @old any more. */
bool race_put_read(struct race_step *step, struct race_place place, uint64_t old);

/* --- compare.c ------------------------------------------------------------- */

/* Compares with @place, of either plane; returns the word that was seen there. */
uint64_t race_compare(struct race_step *step, struct race_place place);

/* Compares with @word, whose origin is @origin, or with the cells of @list.  @is_write: of which
 * plane they are. */
void race_compare_word(struct race_step *step, uint64_t word, origin_id origin, bool is_write);
void race_compare_list(struct race_step *step, const struct cell_list *list, bool is_write);

/* Is @word of an access that this one conflicts with? */
bool race_is_conflict(const struct race_step *step, uint64_t word);

/* A race of a store that may leave what is there, and is none then: the same thread's next store
 * of that kind, as a base class's destructor makes it, has to be compared with the same. */
static inline bool race_may_change_nothing(const struct race_step *step)
{
	return step->has_conflict && step->access->flags & SITE_ADDRESS;
}

/*
 * What others have read here is no more of use once it has been compared with this write: a race
 * with these reads and a later write is one with this write, too.  Without it a reader would go on
 * finding its own read, and not see the write.  The thread's own reads of this epoch stay: one of
 * them may be an acquire (memory_acquire_unseen()).  @word was seen at @place, of the reads.
 */
void race_forget_readers(struct race_step *step, struct race_place place, uint64_t word);

/* --- words.c --------------------------------------------------------------- */

/* Waits until no thread is changing what *@place names, and folds its lines; returns the
 * word. */
uint64_t race_settle(struct detector *detector, struct thread *thread, struct race_place place);

/* The word at @place, neither busy nor with lines. */
static inline uint64_t race_load(struct detector *detector, struct thread *thread,
				 struct race_place place)
{
	uint64_t word = claim_look(place.word);

	return LIKELY(shadow_form(word) < SHADOW_BUSY) ? word
						       : race_settle(detector, thread, place);
}

/* The origin of @word, which was read at @place.  False: it is not there now. */
bool race_has_origin(struct race_place place, uint64_t word, origin_id *origin);

/* The same, for which it waits.  False: @word is there no more. */
bool race_find_origin(struct race_place place, uint64_t word, origin_id *origin);

/* Lays out what @old, read at @place, says; false if it says it no more. */
bool race_lay_out(struct race_place place, uint64_t old, struct cell_list *list);

/* Puts the access into *@place, which was @old with cells @list.  False: it is not
 * @old any more. */
bool race_put_among(struct race_step *step, struct race_place place, uint64_t old,
		    const struct cell_list *list);

/* Takes @bytes of *@place away, whoever accessed them, but for the thread and epoch of the
 * word @kept (0: none). */
void race_take_bytes(struct detector *detector, struct thread *thread, struct race_place place,
		     uint32_t bytes, uint64_t kept);

/* --- pending_release.c ------------------------------------------------------------ */

/* Leaves the step's write as a pending release with the thread of step->other, which has
 * read.  @pair is the finding about the two, 0 if they are certainly ordered. */
void pending_release_leave(struct race_step *step, uint32_t pair, bool is_silent);

/* The step takes the place of the reads that @word, at @place, stands for: perhaps
 * those of other threads that it takes for known.  Leaves each with its thread, which may not
 * have made it yet. */
void pending_release_leave_known(struct race_step *step, struct race_place place, uint64_t word);

/* The site of such a read of the step's thread in the step's granule, and its epoch; 0: there
 * is none. */
site_id pending_release_find_known(const struct race_step *step, uint64_t *epoch);

/*
 * @thread makes @bytes of @granule atomic, whose reads are at @place.  Threads that have
 * checked a plain load of them, but not made it yet, may still see what @thread stores, or
 * others after it.  Leaves it as a pending release with all readers.
 */
void pending_release_leave_all(struct detector *detector, struct thread *thread,
			       uintptr_t granule, const uint64_t *place, uint32_t bytes);

/* The last store to @bytes of @granule by the thread of step->other, if it is not older than that
 * access, and not to the same bytes; word 0: there is none. */
struct cell pending_release_find_store(const struct race_step *step, uintptr_t granule,
				       uint32_t bytes);

/* May @thread's last look at @bytes of @granule, in epoch @when, have seen what others have
 * stored there since?  It need not have loaded at once, and has not looked again. */
bool pending_release_may_be_seen(const struct thread *thread, uintptr_t granule, uint32_t bytes,
				 uint64_t when);

/* If the thread of step->other has left a pending release after the access that step->other
 * stands for, the step's thread acquires it: true. */
bool pending_release_acquire(struct race_step *step);

/* Acquires all pending releases that silent modules have left.  True: the access that @word
 * stands for then comes before the step. */
bool pending_release_acquire_silent(struct race_step *step, uint64_t word);

/* --- atomics/ordering.c ----------------------------------------------------- */

/* Does the store end its epoch, as others may acquire by it?  Counts it then. */
bool ordering_ends_epoch(const struct detector *detector, const struct thread *thread,
			 const struct access *access, struct site *site);

/* Others seem to acquire by the step's store: from now on each store at its site takes the place of
 * reads that it meets, also of those which it takes for known: pending_release_leave_known(). */
void ordering_note_own(struct race_step *step);

/* @thread seems to acquire by @store, which another has made to @granule. */
void ordering_note(struct detector *detector, struct thread *thread, uintptr_t granule,
		   const struct cell *store);

/* --- late_order.c ----------------------------------------------------------- */

/* @thread may acquire what others store to @bytes of @granule, and not find that they did. */
void race_await(struct thread *thread, uintptr_t granule, uint32_t bytes);

/*
 * Makes the acquires of the thread that wait, as any of them may order the two: pending releases
 * that were left with it; loads that raced before (but a load that may still be the first half of
 * an update does not make the others acquire); loads of what has become atomic since; stores that
 * the other thread has pending.  True: now they are ordered.
 */
bool race_is_ordered_late(struct race_step *step);

/* Does what @word stands for come before what @thread does now?  Makes the acquires of the
 * thread that wait first. */
bool race_is_after(struct detector *detector, struct thread *thread, uint64_t word);

/* --- classify.c, predict.c, report.c, atomics/beside.c ----------------------------------- */

/* What race_classify() decided. */
struct race_verdict {
	enum finding_kind kind;
	enum severity severity;
	uint32_t details;
	struct finding_pairs rests_on;
};

/* The step and step->other conflict: decides what that is, and reports it or acquires. */
void race_classify(struct race_step *step);

/* They conflict, but locks have ordered them in this run: decides whether others would. */
void race_predict(struct race_step *step);

/* @step's write by @access, together with the write @other of another thread. */
struct race_step race_make_pair(const struct race_step *step, const struct access *access,
				const struct cell *other);

/* The write @access of @step's thread rests on @stale, a read that raced with another
 * thread's update: a lost update, even if the thread has acquired from it since. */
void race_lost_update(const struct race_step *step, const struct access *access,
		      const struct stale_read *stale);

/*
 * The step's access (to atomic bytes, or their free) and @other, the last write there or the
 * free, by another thread, are unordered.  Reports them if one of two updates is lost, or one
 * of the two is a free.  Others, of which one at least is no locked instruction, are a race if
 * the source says that such a one is plain: a note that is an error then, and else nothing.
 */
void race_meet_atomic(const struct race_step *step, const struct cell *other);

/* The same of the step's store and @read, by another thread, and unordered with it. */
void race_meet_read(const struct race_step *step, const struct cell *read);

/* May one more finding be told of @plain and what is atomic?  As a rule it is atomic, too, so few
 * of each place are. */
bool race_tells_beside(struct site *plain);

/* Returns the finding's number. */
uint32_t race_report(struct race_step *step, const struct race_verdict *verdict);

/* @bytes of @granule are atomic: findings about them that do not hold for atomics are
 * taken back, or notes, which are errors if the source says that one side is plain. */
void race_retract(struct detector *detector, uintptr_t granule, uint32_t bytes);

#endif
