/*
 * Claims: how many shadow words are stored by plain stores.
 *
 * An atomic instruction takes several times as long as all else that recording a granule
 * needs.  So who is about to store many words of one page of a plane (4096 bytes: 512 words)
 * claims it: one atomic instruction marks the page's turn as held, then each word is looked
 * at and stored over, and another atomic instruction makes it the next turn.  That one is
 * also the fence between the stores and the looks at the other plane.  Only words that
 * name nothing (none, or plain) may be stored over.
 *
 * Who changes a word otherwise does so by claim_exchange(): an atomic exchange between two
 * looks at the turn.  If both find the same one, not held, the exchange came before the next
 * claim, which sees it, or after the last, all of whose stores it has seen.  Else a claimer
 * may have looked before the exchange and stored after it: so it is waited for, and the word
 * is looked at again.  It is a sequence lock (Lameter, "Effective Synchronization on
 * Linux/NUMA Systems", 2005, section 3), but here it is the reader who writes.
 *
 * tests/unit/detect/test_claim_orders.c runs all orders of these.
 */
#ifndef DETECT_SHADOW_CLAIM_H
#define DETECT_SHADOW_CLAIM_H

#include "base/atomic.h"
#include "base/shadow_place.h"
#include "base/types.h"

struct detector;

#define CLAIM_WORDS (1u << SHADOW_CLAIM_SHIFT >> 3)

/* A turn counts claims, above two bits: */
#define CLAIM_HELD 1u /* a thread is at the page */
#define CLAIM_RUNS 2u /* runs speak for some of its words: runs.h */
#define CLAIM_STEP 4u

/* The turn of the page that the word at @place is in. */
static inline uint64_t *claim_turn_of(const uint64_t *place)
{
	return (uint64_t *)SHADOW_CLAIMS + ((uintptr_t)place >> SHADOW_CLAIM_SHIFT);
}

/* Waits until nobody has claimed, and lays out runs; returns the turn.  A claim that stays was
 * left by a jump out of a signal handler: it is ended, and a loss is counted. */
uint64_t claim_settle(struct detector *detector, uint64_t *turn);

/* Lays out the runs of a page, so that each word speaks for itself. */
void claim_lay_out(uint64_t *turn);

static inline void claim_mind_runs(const uint64_t *place)
{
	uint64_t *turn = claim_turn_of(place);

	/* acquire: words are looked at afterwards. */
	if (UNLIKELY(load_acquire(turn) & CLAIM_RUNS))
		claim_lay_out(turn);
}

/* The word at @place, which speaks for itself. */
static inline uint64_t claim_look(const uint64_t *place)
{
	claim_mind_runs(place);
	return load_acquire(place);
}

/* The same of a page whose turn, @found, says that it has runs; they stay if they can be read. */
uint64_t claim_ask_runs(const uint64_t *place, uint64_t found, uint32_t *count);

/* The word that speaks for the one at @place, and for how many in its page from there on: enough
 * to compare with, not to exchange. */
static inline uint64_t claim_ask_many(const uint64_t *place, uint32_t *count)
{
	/* acquire: words are looked at afterwards. */
	uint64_t found = load_acquire(claim_turn_of(place));

	*count = 1;
	return UNLIKELY(found & CLAIM_RUNS) ? claim_ask_runs(place, found, count)
					    : load_acquire(place);
}

static inline uint64_t claim_ask(const uint64_t *place)
{
	uint32_t count;

	return claim_ask_many(place, &count);
}

/* False: it has been claimed by another thread.  The page has no runs then. */
static inline bool claim_begin(struct detector *detector, uint64_t *turn, uint64_t *taken)
{
	*taken = claim_settle(detector, turn);
	return compare_exchange_acq_rel(turn, taken, *taken | CLAIM_HELD);
}

/* The same, but runs stay. */
static inline bool claim_begin_with_runs(uint64_t *turn, uint64_t *taken)
{
	*taken = load_acquire(turn);
	return !(*taken & CLAIM_HELD) && compare_exchange_acq_rel(turn, taken, *taken | CLAIM_HELD);
}

/* Orders what was stored before all that comes.  @taken is what claim_begin() found, @runs
 * CLAIM_RUNS or 0. */
static inline void claim_end_with(uint64_t *turn, uint64_t taken, uint64_t runs)
{
	uint64_t own = taken | CLAIM_HELD;

	/* If it was ended meanwhile, it may be another thread's. */
	compare_exchange_acq_rel(turn, &own,
				 (taken & ~(uint64_t)(CLAIM_STEP - 1)) + CLAIM_STEP + runs);
}

static inline void claim_end(uint64_t *turn, uint64_t taken)
{
	claim_end_with(turn, taken, 0);
}

/* Waits for a claim, and says whether *@place still is @word. */
bool claim_has_left(struct detector *detector, const uint64_t *place, uint64_t word);

/*
 * Makes *@place, which was *@old, @word.  False: it is not.  Then *@old is what was found
 * there; or it is as before: a claim may have gone over @word, what that names may be known
 * to others, and must not be used again.
 */
static inline bool claim_exchange(struct detector *detector, uint64_t *place, uint64_t *old,
				  uint64_t word)
{
	uint64_t *turn = claim_turn_of(place);
	uint64_t before = load_acquire(turn);

	if (UNLIKELY(before & (CLAIM_HELD | CLAIM_RUNS)))
		before = claim_settle(detector, turn);
	if (!compare_exchange_acq_rel(place, old, word))
		return false;
	return LIKELY(load_acquire(turn) == before) || claim_has_left(detector, place, word);
}

#endif
