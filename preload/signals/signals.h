/*
 * Signals: who sends one hands over to who handles it.
 */
#ifndef PRELOAD_SIGNALS_SIGNALS_H
#define PRELOAD_SIGNALS_SIGNALS_H

#include <pthread.h>

#include "preload/guest/guest.h"

/* Once, before the first of them. */
void signals_begin(void);

/* Memory is observed from now on: also handlers that were set by system calls, or
 * before we were there, enter at signal_entry. */
void signals_take_over(void);

/* The same for the C library's handler of cancellation, whose pthread_cancel is
 * @cancel; before its first real call. */
void signals_watch_cancellation(int (*cancel)(pthread_t));

/* Taken around a fork. */
extern struct runtime_lock signals_lock;

#endif
