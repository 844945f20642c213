/*
 * Perturbed schedules: threads sleep at random before observed calls, so that they meet in
 * orders that are rare otherwise.
 *
 * Whether and how long depends on the seed, the thread's number and the number of such
 * calls that it has made, so that a seed does much the same again.  Who is in the middle of
 * something stays there nearly always, all threads equally long.  The first calls of a
 * thread are perturbed more often than later ones: the pauses of a thread grow with the
 * logarithm of its calls.  A realtime thread is let alone, since another one may spin for
 * what it holds.
 */
#ifndef PRELOAD_GUEST_PERTURB_H
#define PRELOAD_GUEST_PERTURB_H

#include "preload/guest/guest.h"

/* Has the user asked for it? */
static inline bool perturb_is_wanted(void)
{
	return guest_options.perturb;
}

/* Before a call of @self's thread, with the guard down. */
void perturb_call(struct guest_thread *self);

/* Before the first instruction of @self's thread. */
void perturb_start(struct guest_thread *self);

/* @self's thread has taken a token, which it may give back. */
static inline void perturb_took(struct guest_thread *self)
{
	self->token_count++;
}

/* ... is about to give one. */
static inline void perturb_gives(struct guest_thread *self)
{
	if (self->token_count)
		self->token_count--;
}

#endif
