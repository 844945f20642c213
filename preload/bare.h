/*
 * The bare preload: LD_PRELOAD without the command.
 *
 * Then the first preloaded process makes a results file of its own, and at its
 * end starts `snarl report` on it and takes over its status.
 */
#ifndef PRELOAD_BARE_H
#define PRELOAD_BARE_H

#include "base/types.h"

/* Reads SNARL_OPTIONS.  False, after one line on stderr, if it is wrong. */
bool bare_read_options(void);

/* Makes the results file of a bare preload. */
bool bare_begin(const char **why);

/* One line on stderr, before the program begins. */
void bare_say(const char *text);

/* Is this process the one that reports at its end? */
bool bare_is_reporter(void);

/* Reports, and returns the status to end with: @status, or the findings'. */
int bare_report(int status);

/* At the program's orderly end: flushes its output, reports, and ends the
 * process if its status is to be replaced. */
void bare_exit(int status);

#endif
