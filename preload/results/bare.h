/*
 * The bare preload: LD_PRELOAD without the command.
 *
 * The first preloaded process makes a results file.  At its end it starts
 * `snarl report` on that file (reporter.h) and takes over its status.  If the
 * process executes another program, that program does so: its options say it.
 */
#ifndef PRELOAD_RESULTS_BARE_H
#define PRELOAD_RESULTS_BARE_H

#include "base/types.h"

/* Reads SNARL_OPTIONS.  False with *@why if it is wrong. */
bool bare_read_options(const char **why);

/* Opens the results file of the run, or makes one.  False if this process is
 * not observed; *@why is the message, NULL if there is none. */
bool bare_open_results(const char **why);

/* Writes one line to stderr. */
void bare_say(const char *text);

/* This process is a child that is not observed (--follow-children=no). */
void bare_unfollow(void);
bool bare_is_unfollowed(void);

/* Is this process the one that reports at its end? */
bool bare_is_reporter(void);
/* Is process @pid that one? */
bool bare_is_reporter_pid(uint32_t pid);

/* Reports.  Returns the status to end with: @status, or --exit-code if findings
 * count. */
int bare_report(int status);

/* Reports the findings so far: the process may hang for ever. */
void bare_report_early(void);

/* At the program's orderly end: flushes its output and reports.  Ends the
 * process if its status has to be replaced. */
void bare_exit(int status);

#endif
