/*
 * Channels of signals: one for each number, and one for timers, which may send
 * any.  Sending a signal gives; handling it or waiting for it takes.
 */
#ifndef PRELOAD_CHANNELS_SIGNAL_CHANNELS_H
#define PRELOAD_CHANNELS_SIGNAL_CHANNELS_H

#include "preload/guest/guest.h"

#define SIGNAL_MAX 64

/* The number of the channel of timers. */
#define SIGNAL_OF_TIMERS 0

/* The caller is inside the guard. */
void signals_give(struct guest_thread *self, int signal);
void signals_take(struct guest_thread *self, int signal);
void signals_take_all(struct guest_thread *self);

#endif
