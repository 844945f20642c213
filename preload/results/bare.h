/*
 * The bare preload: LD_PRELOAD without the command.
 *
 * Then the first preloaded process makes a results file of its own, and at its
 * end starts `snarl report` on it (reporter.h) and takes over its status.  If
 * it executes another program that one is told to do so, as it is the same
 * process.
 */
#ifndef PRELOAD_RESULTS_BARE_H
#define PRELOAD_RESULTS_BARE_H

#include "base/types.h"

/* Reads SNARL_OPTIONS.  False with *@why if it is wrong. */
bool bare_read_options(const char **why);

/* Opens the results file of the run, or makes one.  False if this process is
 * not to be observed, with *@why to say, or NULL. */
bool bare_open_results(const char **why);

/* One line on stderr. */
void bare_say(const char *text);

/* This process is a child that is not to be followed. */
void bare_unfollow(void);
bool bare_is_unfollowed(void);

/* Is this process the one that reports at its end? */
bool bare_is_reporter(void);
/* Is process @pid? */
bool bare_is_reporter_pid(uint32_t pid);

/* Reports, and returns the status to end with: @status, or the findings'. */
int bare_report(int status);

/* Reports what there is so far, as the process may never come to its end. */
void bare_report_early(void);

/* At the program's orderly end: flushes its output, reports, and ends the
 * process if its status is to be replaced. */
void bare_exit(int status);

#endif
