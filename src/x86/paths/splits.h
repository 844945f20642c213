/*
 * Splits: may a lock be released between a load and a store that rests on it?
 *
 * Locks are released by calls.  Where none can come between the two, both are always in
 * one critical section, and the load need not be remembered because of the locks held.
 * Most updates are so, as `count++`.
 *
 * The way back from the store is followed up to the load.  Where code may be entered
 * otherwise, as after a call, or the way is long, the answer is yes.
 */
#ifndef X86_PATHS_SPLITS_H
#define X86_PATHS_SPLITS_H

#include "x86/survey/function.h"
#include "x86/survey/scratch.h"

/* Where the branches to each instruction of a function stand. */
struct splits {
	const struct function *function;
	uint32_t *branches; /* by target: the last one's index + 1 */
	uint32_t *others;   /* by branch: the one before it to the same target */
	uint32_t *seen;	    /* by instruction: in which search */
	uint32_t search;
};

/* In memory of @scratch.  Without memory all pairs may be split. */
struct splits splits_make(const struct function *function, struct scratch *scratch);

/* May a call come after instruction @load, before @store and without another @load? */
bool splits_between(struct splits *splits, uint32_t load, uint32_t store);

#endif
