/*
 * What a signal handler sees when its signal interrupted a clone: the original.
 *
 * The context's program counter, and the registers that a check had spilled, are
 * given as they would be in the original code, also in the middle of a thunk.
 * Async-signal-safe.
 */
#ifndef PRELOAD_SIGNALS_CLONE_CONTEXT_H
#define PRELOAD_SIGNALS_CLONE_CONTEXT_H

#include <ucontext.h>

#include "base/types.h"

struct access_frame;

struct interruption {
	bool is_in_clone; /* or in what a clone has called; or on the way into it */
	bool is_in_check; /* not in the copy of the instruction itself */
	bool is_in_thunk;
	const struct access_frame *frame; /* of the thunk, if it is complete */
	gregset_t shown; /* the registers of the original code */
};

/* Where @found came upon the program. */
void clone_context_find(const gregset_t found, struct interruption *interruption);

/* Leads to the copy of the original instruction that @registers point at, without
 * its checks: its own bytes may have been patched. */
void clone_context_to_copy(gregset_t registers);

/* Are they the same in what a handler may look at or change? */
bool clone_context_is_same(const gregset_t a, const gregset_t b);

#endif
