/*
 * What a signal handler sees when its signal interrupted a clone: the original.
 *
 * The context's program counter, and the registers that a check had spilled, are
 * shown as they would be in the original code.  When the handler returns, the
 * clone goes on where it was; or, if the handler changed the context, at the
 * instruction that it asks for.
 *
 * Async-signal-safe.
 */
#ifndef PRELOAD_CLONE_CONTEXT_H
#define PRELOAD_CLONE_CONTEXT_H

#include <ucontext.h>

#include "base/types.h"

struct clone_context {
	bool is_shown;
	gregset_t saved; /* as the signal found them */
	gregset_t shown; /* as the handler sees them */
};

/* Before the handler. */
void clone_context_show(ucontext_t *context, struct clone_context *kept);

/* After it. */
void clone_context_resume(ucontext_t *context, const struct clone_context *kept);

/*
 * A fault of the processor: was it a check that faulted (at an address that has
 * no shadow)?  Then it is left out: @context is to be resumed at the instruction
 * that the check belongs to, which faults by itself if it must.
 */
bool clone_context_skip_check(ucontext_t *context);

#endif
