/*
 * Dead ends: code that ends in a call which does not return.
 *
 * Which functions return is not known, so the layout tells: the code lies apart, and behind the
 * call is none, or code that is reached otherwise.  A branch to such code is an assertion rather
 * than a decision, as is one that leaves the function (to its cold part).
 */
#ifndef X86_PATHS_DEAD_ENDS_H
#define X86_PATHS_DEAD_ENDS_H

#include "x86/survey/function.h"

/* Does @branch go to a dead end? */
bool dead_ends_follow(const struct function *function, const struct instruction *branch);

/* Does the branch at @branch, a conditional one, jump over a dead end? */
bool dead_ends_are_skipped(const struct function *function, uint32_t branch);

#endif
