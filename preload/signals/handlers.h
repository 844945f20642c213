/*
 * Handlers of signals while memory is observed.
 *
 * The kernel enters ours, which leads on to the program's: with the context of the
 * original code, if the signal came upon a clone (clone_context.h).  After the
 * handler the clone goes on where it was; or, if the handler changed the context,
 * where it asks for.
 *
 * What we do under the guard works on what threads share, and must not be left half
 * done by a handler that jumps away; nor may a handler's own events go unseen
 * because of it.  So signals that come meanwhile are put off until the guard goes
 * down.  The processor's own (SIGSEGV and its kin) cannot wait: a check that faults
 * is left out, and the instruction that it belongs to faults by itself, if it must.
 */
#ifndef PRELOAD_SIGNALS_HANDLERS_H
#define PRELOAD_SIGNALS_HANDLERS_H

#include <signal.h>
#include <ucontext.h>

#include "preload/guest/guest.h"

/* What is known of the present delivery. */
struct delivery {
	int signal;
	siginfo_t *told; /* NULL if the kernel did not write it */
	ucontext_t *context;
	bool is_once; /* SA_RESETHAND: the kernel has forgotten the handler */
	uintptr_t *return_address; /* where the handler will return to */
};

/* Where a handler returns to whose context was changed (signal_entry.S). */
void handlers_return(void);

/* False: the handler is not to be called (now). */
bool handlers_enter(const struct delivery *delivery);

#endif
