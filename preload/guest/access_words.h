/*
 * The calling thread's words that checks of memory accesses compare with.
 *
 * Clones and thunks read them by their offsets from the thread pointer.
 */
#ifndef PRELOAD_GUEST_ACCESS_WORDS_H
#define PRELOAD_GUEST_ACCESS_WORDS_H

#include "base/types.h"

struct thread;

/* The shadow words of the thread's present epoch (shadow.h).  thread.current
 * and thread.shared point here. */
extern __thread uint64_t access_current __attribute__((tls_model("initial-exec")));
extern __thread uint64_t access_shared __attribute__((tls_model("initial-exec")));

/* The stack pointer of a loop whose accesses are all recorded ahead, in the present epoch
 * (x86/emit/range.h).  thread.clocks.ahead points here. */
extern __thread uint64_t access_ahead __attribute__((tls_model("initial-exec")));

/* The thread, for the thunks.  NULL: it is not observed, or only by C. */
extern __thread struct thread *access_thread __attribute__((tls_model("initial-exec")));

/* Threads that begin have no access_thread: their thunks leave all to C. */
extern bool access_leaves_thunks;

#endif
