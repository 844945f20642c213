/*
 * Assumed acquires: a plain load that reads what another thread stored may be an atomic
 * one, so that what that thread did before comes before what this one does now.
 *
 * It is known up to which epoch the store came, but not what its thread knew then: the
 * present clock is taken for that, which may order too much, and never makes a false
 * error.  Who acquires from what has ended takes what it knew at its end.
 *
 * An acquire rests on findings if what it read is a race unless the accesses are atomic.
 * Then it is kept in thread_clocks.assumed, and what it alone orders is held back until a
 * side turns out plain (race/classify.c).  The thread's releases pass it on as certain.
 */
#ifndef DETECT_BASE_ASSUMED_H
#define DETECT_BASE_ASSUMED_H

#include "detect/base/clock.h"
#include "detect/data/shadow_word.h"

/* Of a thread whose clock was looked at before this. */
static inline uint64_t assumed_echo(const struct thread_clocks *clocks)
{
	fence_acquire();
	return load_relaxed(&clocks->echo); /* relaxed: the fence orders it */
}

/* The clock that @thread's releases pass on: all that it knows, and has assumed. */
struct vclock *assumed_to_give(struct thread *thread);

/* Joins the epochs of @other's assumed acquires into @thread's clocks.  True: they have
 * grown. */
bool assumed_join(struct thread *thread, const struct thread *other);

/* Makes an assumed acquire from a store that the thread in @slot made in its @epoch: joins
 * that thread's present clock, but its own entry only up to @epoch.  Does nothing if a
 * later release of it has been joined.  If this rests on finding @pair, which is 0 if on
 * none, its own entry is not joined but kept as assumed. */
void assume_acquire(struct detector *detector, struct clock_joiner by, uint32_t slot,
		    uint64_t epoch, uint32_t pair);

/* Under detector.lock.  Does the thread that has made the store @by know of what @word stands for,
 * certainly or by an assumed acquire?  False if it has ended long ago. */
bool assumed_knows_of(const struct detector *detector, uint64_t by, uint64_t word);

/* The threads that assumed acquires of @thread were made from may have acquired since, and passed
 * it on in the same epoch, which nobody sees.  Joins what they know by now; and those that
 * they have so from others. */
void assume_again(struct detector *detector, struct clock_joiner by);

/* The assumed acquire by which the earlier access that @word stands for comes before what
 * @thread does now; NULL: there is none. */
const struct assumed_acquire *assumed_find(const struct thread *thread, uint64_t word);

/* Is the epoch of @word the last one that was assumed to be known from its thread?  That may be in
 * it still, and make loads that it has recorded before. */
static inline bool assumed_is_last(const struct thread_clocks *clocks, uint64_t word)
{
	uint64_t assumed = clocks->assumed[shadow_slot(word) % ASSUMED_ACQUIRES].word;

	return word && shadow_is_same_epoch(assumed, word);
}

/* From now on the assumed acquire of @thread from the thread in @slot is certain. */
void assumed_trust(struct thread *thread, uint32_t slot);

/*
 * Did the thread in @slot know of @thread's present epoch when it made an access in its
 * @epoch?  It can only have made an assumed acquire in the middle of that epoch (which
 * rests on @pairs), or have acquired from a thread that did.  True if it may have.
 */
bool assumed_is_known(struct detector *detector, const struct thread *thread, uint32_t slot,
		      uint64_t epoch, struct finding_pairs *pairs);

#endif
