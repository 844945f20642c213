/*
 * The context that a signal handler gets if its signal interrupted a clone.
 *
 * The program counter and the registers that a check had spilled are those of
 * the original code; also in the middle of a thunk.  Async-signal-safe.
 */
#ifndef PRELOAD_SIGNALS_CLONE_CONTEXT_H
#define PRELOAD_SIGNALS_CLONE_CONTEXT_H

#include <ucontext.h>

#include "base/types.h"

struct access_frame;

struct interruption {
	bool is_in_clone; /* or in a thunk that it has called, or at a patch that leads to it */
	bool is_in_check; /* and not in the copy of the instruction itself */
	bool is_in_thunk;
	const struct access_frame *frame; /* of the thunk; NULL if it is not complete */
	gregset_t shown; /* the registers of the original code */
};

/* Where the program was interrupted, given its registers @found. */
void clone_context_find(const gregset_t found, struct interruption *interruption);

/* Moves the program counter from an original instruction, whose bytes may have
 * been patched, to its copy, behind the checks there. */
void clone_context_to_copy(gregset_t registers);

/* Are the registers the same, as far as a handler may read or change them? */
bool clone_context_is_same(const gregset_t a, const gregset_t b);

#endif
