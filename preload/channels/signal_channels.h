/*
 * A channel per signal number, and one for timers, whose signal may be any: who
 * sends a signal gives, who handles it or waits for it takes.
 */
#ifndef PRELOAD_CHANNELS_SIGNAL_CHANNELS_H
#define PRELOAD_CHANNELS_SIGNAL_CHANNELS_H

#include "preload/guest/guest.h"

#define SIGNAL_MAX 64

/* Stands for what a timer does, whatever its signal. */
#define SIGNAL_OF_TIMERS 0

/* The caller is inside the guard. */
void signals_give(struct guest_thread *self, int signal);
void signals_take(struct guest_thread *self, int signal);
void signals_take_all(struct guest_thread *self);

#endif
