#include "detect/shadow/claim.h"

#include "base/spin_lock.h"
#include "detect/base/detector.h"

#define SLEEPS 80u /* some 100 ms */

uint64_t claim_settle(struct detector *detector, uint64_t *turn)
{
	uint64_t found = load_acquire(turn);
	uint64_t seen = found;

	for (uint32_t tries = 0; found % 2; tries++) {
		if (found != seen) {
			seen = found;
			tries = 0;
		}
		if (tries == SPIN_PAUSES + SLEEPS &&
		    compare_exchange_acq_rel(turn, &found, found + 1)) {
			detector_count(detector, LOST_SHADOW);
			return found + 1;
		}
		spin_wait(tries);
		found = load_acquire(turn);
	}
	return found;
}

bool claim_has_left(struct detector *detector, const uint64_t *place, uint64_t word)
{
	claim_settle(detector, claim_turn_of(place));
	return load_acquire(place) == word;
}
