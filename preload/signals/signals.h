/*
 * Wrapped functions for signals: their beginning, and handlers that are set
 * past them.
 */
#ifndef PRELOAD_SIGNALS_SIGNALS_H
#define PRELOAD_SIGNALS_SIGNALS_H

#include <pthread.h>

#include "preload/guest/guest.h"

/* To be called once, when observation begins. */
void signals_begin(void);

/* There will be a second thread: from now on all handlers enter at signal_entry, also
 * those that were set by system calls, or before observation began. */
void signals_take_over(void);

/* The same for the C library's handler of cancellation.  @cancel is the real
 * pthread_cancel; to be called before its first call. */
void signals_watch_cancellation(int (*cancel)(pthread_t));

/* The kernel has reset the handler of @signal (SA_RESETHAND), which has not run: takes that
 * back, unless there is another one. */
void signals_set_again(int signal);

/* What the kernel blocks besides while a handler of @signal runs. */
uint64_t signals_blocked_by(int signal);

/* Protects changes of handlers.  Innermost. */
extern struct runtime_lock signals_lock;

#endif
