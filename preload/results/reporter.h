/*
 * The reporter of a bare preload: `snarl report`, started by the process that
 * ends.
 *
 * It is a child without an exit signal, which the program's wait() and SIGCHLD
 * never see.  It writes to the standard error that the process began with:
 * many programs close theirs at exit, or put a file in its place.
 */
#ifndef PRELOAD_RESULTS_REPORTER_H
#define PRELOAD_RESULTS_REPORTER_H

#include "base/types.h"

enum reporter_result { REPORTER_FAILED, REPORTER_SILENT, REPORTER_COUNTS };

/* At the beginning: finds the command, and what standard error is. */
void reporter_begin(void);

/* In a fork's child, which does not report. */
void reporter_forked(void);

/* Reports on the results file at @path, and waits for its end. */
enum reporter_result reporter_run(const char *path);

#endif
