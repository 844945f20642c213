/*
 * Observation of this process: its beginning, its forks, its end.
 *
 * The one place that knows all parts of the guest library (parts.def).  Around
 * a fork all our locks are taken, in their order, so that the child finds what
 * they protect whole.
 */
#ifndef PRELOAD_PROCESS_OBSERVATION_H
#define PRELOAD_PROCESS_OBSERVATION_H

#include "base/types.h"

/* Begins observation: opens the results file, adopts the calling thread.
 * Further calls do nothing. */
void observation_begin(void);

/* Registers our handlers for fork(), once. */
void observation_watch_forks(void);

/* Around a fork, in parent and child: takes all locks of ours, and gives them back. */
void observation_fork_begin(void);
void observation_fork_end(void);

/* In a fork's child, with all locks taken: only the calling thread is left. */
void observation_forked(void);

/* Writes the counters and, if the process ends orderly, the findings that only
 * the end shows.  Observation goes on. */
void observation_finish(bool is_orderly);

/* The process ends, by @how (enum process_end): finishes and records that.
 * False if another thread has done so before (waits for its report), or this one to the end, or
 * if this process is not observed. */
bool observation_end(uint32_t how, uint32_t status, bool is_orderly);

/* The report is written: threads that wait in observation_end() go on. */
void observation_ended(void);

#endif
