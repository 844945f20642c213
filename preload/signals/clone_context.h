/*
 * The context that a signal handler gets if its signal interrupted a clone.
 *
 * The program counter and the registers that a check had spilled are those of
 * the original code; also in the middle of a thunk.  Async-signal-safe.
 */
#ifndef PRELOAD_SIGNALS_CLONE_CONTEXT_H
#define PRELOAD_SIGNALS_CLONE_CONTEXT_H

#include <ucontext.h>

#include "preload/arch/arch.h"

struct interruption {
	bool is_in_clone; /* or in a thunk that it has called, or at a patch that leads to it */
	bool is_in_check; /* and not in the copy of the instruction itself */
	bool is_in_thunk;
	const struct access_frame *frame; /* of the thunk; NULL if it is not complete */
	struct context_registers shown;	  /* the registers of the original code */
};

struct context_registers *clone_context_registers(ucontext_t *context);

uintptr_t clone_context_sp(const struct context_registers *registers);

/* Where the program was interrupted, given its registers @found. */
void clone_context_find(const struct context_registers *found, struct interruption *interruption);

/* Moves the program counter from an original instruction, whose bytes may have
 * been patched, to its copy, behind the checks there. */
void clone_context_to_copy(struct context_registers *registers);

/*
 * A handler that was shown @shown leads the thread elsewhere, perhaps to code that goes
 * back to where it was: runtimes preempt so.  Then it has put the address on the stack,
 * or into a register.  The original may be patched there, or run into patches: it becomes
 * the clone's.
 */
void clone_context_lead_back(struct context_registers *registers,
			     const struct context_registers *shown);

/* Are the registers the same, as far as a handler may read or change them? */
bool clone_context_is_same(const struct context_registers *a, const struct context_registers *b);

#endif
