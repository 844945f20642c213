/*
 * Perturbed schedules: threads sleep at random before observed calls, so that they meet in
 * orders that are rare otherwise.
 *
 * Whether and how long depends on the seed, the thread (by its creator and how many that had
 * created before) and the number of such calls that it has made.  A seed shall do the same
 * again on a busy machine, too, so who sleeps waits for the others besides: each thread has
 * its moment, which only calls and pauses move, and goes on when no other one that runs is
 * at an earlier moment.  One that is away for long, in a call that is not observed or with a
 * long computation, is not waited for again until its next call.
 *
 * Who is in the middle of something stays there nearly always, all threads equally long.
 * The first calls of a thread are perturbed more often than later ones: the pauses of a
 * thread grow with the logarithm of its calls.  A realtime thread is let alone, since
 * another one may spin for what it holds.
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

/* @self's thread is about to create that of @child ... */
void perturb_creates(struct guest_thread *self, struct guest_thread *child);

/* ... and has: decides which of the two goes on first. */
void perturb_created(struct guest_thread *self, struct guest_thread *child);

/* Before the first instruction of @self's thread. */
void perturb_start(struct guest_thread *self);

/* The function of @self's thread has returned; its stack and variables are still there. */
void perturb_end(struct guest_thread *self);

/* @self's thread has taken a token, which it may give back. */
static inline void perturb_took(struct guest_thread *self)
{
	self->perturbed.token_count++;
}

/* ... is about to give one. */
static inline void perturb_gives(struct guest_thread *self)
{
	if (self->perturbed.token_count)
		self->perturbed.token_count--;
}

#endif
