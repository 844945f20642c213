/*
 * Signal handlers once there are threads.
 *
 * The kernel enters signal_entry, which calls the program's handler.  If memory is
 * observed and the signal interrupted a clone, the handler gets the context of the original code
 * (clone_context.h).  After it the clone goes on where it was; or, if the
 * handler changed the context, where that says.
 *
 * Work under the guard changes data that threads share; a handler that leaves
 * by a jump must not leave it half done, and the guard would hide the handler's
 * own events.  So signals that come meanwhile are deferred until the guard goes
 * down.  Signals of the processor (SIGSEGV and its kin) cannot wait: the check
 * that raised one is skipped, and the instruction itself raises it again, if it
 * must; a wrapper goes on when the handler has returned.
 */
#ifndef PRELOAD_SIGNALS_HANDLERS_H
#define PRELOAD_SIGNALS_HANDLERS_H

#include <signal.h>
#include <ucontext.h>

#include "preload/guest/guest.h"

struct delivery {
	int signal;
	siginfo_t *told; /* NULL if the kernel did not write it */
	ucontext_t *context;
	bool is_once; /* SA_RESETHAND: the kernel has reset the handler already */
	uintptr_t *return_address; /* of the handler */
};

/* Handlers whose context was changed return here (signal_entry.S). */
void handlers_return(void);

/* From now on all handlers of the program enter here. */
void handlers_watched(void);

/* False: do not call the handler now. */
bool handlers_enter(const struct delivery *delivery);

#endif
