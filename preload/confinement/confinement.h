/*
 * Programs that confine themselves: by filters for system calls (seccomp), or by sending
 * system calls to a handler (syscall user dispatch).  Our own calls must not be punished.
 *
 * Each filter is told of before it is set.  From then on each call of ours is run through
 * the filters first.  If they would punish it (end the process, send a signal, ask a
 * tracer), it is not made, and fails as if the kernel refused it.  What will be refused
 * later is done before: memory is set aside, and code is copied.  If the calls that our
 * locks need are filtered, detection is switched off, and the report says so.
 */
#ifndef PRELOAD_CONFINEMENT_CONFINEMENT_H
#define PRELOAD_CONFINEMENT_CONFINEMENT_H

#include <linux/filter.h>

#include "preload/guest/guest.h"

/* The filter @program is about to be set.  False: it cannot be read, or there is no memory. */
bool confinement_filter_comes(struct guest_thread *self, const struct sock_fprog *program,
			      const struct unwind_start *start);
/* The kernel did not set it: forgets it. */
void confinement_filter_failed(void);

/* The calling thread is about to be left with read, write, exit and sigreturn. */
void confinement_strict_comes(void);

/* From now on the kernel sends system calls of the calling thread to a handler while
 * *@selector says so.  @selector NULL: always if @is_on, else no more. */
void confinement_dispatch_comes(struct guest_thread *self, bool is_on, volatile char *selector);

/* Why a program that is executed now cannot be observed: it would inherit filters that it
 * knows nothing of.  NULL: it can. */
const char *confinement_obstacle(void);

#endif
