/*
 * What a pair of unordered accesses is: RULES.md, 'Happens-before' and 'Lost updates'.
 *
 * On x86 acquire loads and release stores are plain moves.  So two plain moves (a store, and a
 * load or store) are at most a warning here; with the source at hand the reports decide.  What is
 * wider, unaligned or made by a library function is no atomic access: an error.
 */
#ifndef DETECT_RACE_VERDICT_H
#define DETECT_RACE_VERDICT_H

#include "detect/race/race.h"

struct kind_of_access {
	bool is_write;
	bool is_update;
	bool is_examined; /* an update whose value was looked at before it was stored */
	bool is_move; /* may be an atomic access */
	bool spins;
	bool may_be_stale; /* a load that is as a rule followed by a store of what it makes */
	bool is_silent;
	bool is_hidden;
	bool is_of_descriptor;
	bool is_doubtful; /* a read that the source may not make */
	bool is_unknown;  /* where it was made */
};

/* The step's access, and the other of its pair. */
struct kind_of_access verdict_kind_of_mine(const struct race_step *step);
struct kind_of_access verdict_kind_of_other(const struct race_step *step);

/* What the pair is that is of kinds *@mine and *@other; of two updates, of which @is_examined says
 * whether the value of the step's was looked at; and the same for the kinds that it has. */
struct race_verdict verdict_of_kinds(const struct race_step *step,
				     const struct kind_of_access *mine,
				     const struct kind_of_access *other);
struct race_verdict verdict_of_updates(const struct race_step *step, bool is_examined);
struct race_verdict verdict_of(const struct race_step *step);

/* @verdict, a warning at most if something that was not observed may have ordered the pair. */
struct race_verdict verdict_lower_if_doubted(const struct detector *detector,
					     struct race_verdict verdict);

#endif
