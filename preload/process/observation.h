/*
 * Observation of this process: its beginning, its forks, its end.
 *
 * The one place that knows all parts of the guest library (parts.def).  Around a
 * fork all our locks are taken, in their order, so that the child finds what they
 * protect whole.
 */
#ifndef PRELOAD_PROCESS_OBSERVATION_H
#define PRELOAD_PROCESS_OBSERVATION_H

#include "base/types.h"

/* Begins: opens the results file, adopts the calling thread.  Once; further calls
 * do nothing. */
void observation_begin(void);

/* Registers what runs around fork(), once. */
void observation_watch_forks(void);

/* Around a fork, in parent and child: takes all locks of ours, and gives them back. */
void observation_fork_begin(void);
void observation_fork_end(void);

/* In a fork's child, with all locks taken: only the calling thread is left. */
void observation_forked(void);

/* Writes the counters and, if the process ends orderly, the findings that only the
 * end shows.  Observation goes on. */
void observation_finish(bool is_orderly);

/*
 * The process ends as said (enum process_end): finishes, and records it.  False if
 * another thread has already begun to end it (waits for its report), or if the
 * process is not ours to end.
 */
bool observation_end(uint32_t how, uint32_t status, bool is_orderly);

/* What observation_end() began is over: for the threads that wait there. */
void observation_ended(void);

#endif
