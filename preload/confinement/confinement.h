/*
 * Programs that confine themselves: by filters for system calls, or by having those
 * from outside some code sent to a handler.  They must not meet calls of ours.
 *
 * What is coming is told before.  From then on each call of ours is looked at first:
 * what would be punished (by the end, a signal, somebody who watches) fails as if the
 * kernel refused it, which all of ours is prepared for.  What will be refused later is
 * done before: memory is set aside, and code is copied.  Without the calls that our
 * locks need detection is switched off, and says so.
 */
#ifndef PRELOAD_CONFINEMENT_CONFINEMENT_H
#define PRELOAD_CONFINEMENT_CONFINEMENT_H

#include <linux/filter.h>

#include "preload/guest/guest.h"

/* A filter is about to be set.  False: it is none, or cannot be kept. */
bool confinement_filter_comes(struct guest_thread *self, const struct sock_fprog *program,
			      const struct unwind_start *start);
/* It was not set: forgets it again. */
void confinement_filter_failed(void);

/* The calling thread is about to be left with read, write, exit and sigreturn. */
void confinement_strict_comes(void);

/* From now on system calls of the calling thread are sent to a handler while *@selector
 * says so; NULL: no more, or always if @is_on. */
void confinement_dispatch_comes(struct guest_thread *self, bool is_on, volatile char *selector);

/* Why a program that is executed now cannot be observed, as it could not know what it may
 * do; NULL: nothing against it. */
const char *confinement_obstacle(void);

#endif
