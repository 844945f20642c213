#include "detect/shadow/claim.h"

#include "base/spin_lock.h"
#include "detect/base/detector.h"
#include "detect/shadow/runs.h"

#define SLEEPS 80u /* some 100 ms */

static const uint64_t *page_of(const uint64_t *turn)
{
	uintptr_t number = (uintptr_t)(turn - (const uint64_t *)SHADOW_CLAIMS);

	return (const uint64_t *)(number << SHADOW_CLAIM_SHIFT);
}

/* Of a page that had runs and was not held, at @found. */
static void try_laying_out(uint64_t *turn, uint64_t found)
{
	if (!compare_exchange_acq_rel(turn, &found, found | CLAIM_HELD))
		return;
	runs_lay_out(runs_of(page_of(turn)), page_of(turn));
	claim_end(turn, found);
}

/* Who comes next counts a claim that stays. */
void claim_lay_out(uint64_t *turn)
{
	for (uint32_t tries = 0; tries < SPIN_PAUSES + SLEEPS; tries++) {
		uint64_t found = load_acquire(turn);

		if (!(found & CLAIM_RUNS))
			return;
		if (found & CLAIM_HELD)
			spin_wait(tries);
		else
			try_laying_out(turn, found);
	}
}

uint64_t claim_ask_runs(const uint64_t *place, uint64_t found, uint32_t *count)
{
	uint32_t at = (uint32_t)((uintptr_t)place / sizeof(*place) % CLAIM_WORDS);
	uint32_t end = CLAIM_WORDS;
	struct page_runs runs = *runs_of(place);
	const struct shadow_run *run = runs_find(&runs, at, &end);
	uint64_t word = run ? run->word : load_acquire(place);

	fence_acquire();
	/* relaxed: the fence orders it. */
	if (found & CLAIM_HELD || load_relaxed(claim_turn_of(place)) != found)
		return claim_look(place);
	*count = run ? end - at : 1;
	return word;
}

static uint64_t turn_after(uint64_t turn)
{
	return (turn & ~(uint64_t)(CLAIM_STEP - 1)) + CLAIM_STEP;
}

static uint64_t wait_for_holder(struct detector *detector, uint64_t *turn)
{
	uint64_t found = load_acquire(turn);
	uint64_t seen = found;

	for (uint32_t tries = 0; found & CLAIM_HELD; tries++) {
		if (found != seen) {
			seen = found;
			tries = 0;
		}
		if (tries == SPIN_PAUSES + SLEEPS &&
		    compare_exchange_acq_rel(turn, &found, turn_after(found))) {
			detector_count(detector, LOST_SHADOW);
			return turn_after(found);
		}
		spin_wait(tries);
		found = load_acquire(turn);
	}
	return found;
}

uint64_t claim_settle(struct detector *detector, uint64_t *turn)
{
	uint64_t found;

	while ((found = wait_for_holder(detector, turn)) & CLAIM_RUNS)
		try_laying_out(turn, found);
	return found;
}

bool claim_has_left(struct detector *detector, const uint64_t *place, uint64_t word)
{
	claim_settle(detector, claim_turn_of(place));
	return load_acquire(place) == word;
}
