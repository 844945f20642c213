/*
 * Signals that are put off, and come in the order in which they were sent.
 *
 * A signal that is sent again comes behind those of its number that are queued, as real-time
 * signals are.  So what its sender said is kept here, and what is sent again is a mark at the end
 * of the queue: who comes before it says what the one before had to say, and leaves its own to
 * the next one.  Each thread does so for itself.  Async-signal-safe.
 */
#ifndef PRELOAD_SIGNALS_PUT_OFF_H
#define PRELOAD_SIGNALS_PUT_OFF_H

#include <signal.h>

#include "preload/guest/guest.h"

/* Sends @signal once more: it comes when it is not blocked any more, as it is now.  @told: NULL if
 * it is not known.  False: that failed. */
bool put_off_signal(struct guest_thread *self, int signal, siginfo_t *told);

/* The thread has taken @signal: changes @told to what is due now. */
void put_off_take(struct guest_thread *self, int signal, siginfo_t *told);

#endif
