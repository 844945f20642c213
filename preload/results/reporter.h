/*
 * The reporter of a bare preload: `snarl report`, started by the process that
 * ends.
 *
 * It is a child without an exit signal, so that the program's wait() does not
 * find it and SIGCHLD is not sent.  It writes to the standard error that the
 * process had at its beginning: many programs close theirs at exit, or replace
 * it by a file.
 */
#ifndef PRELOAD_RESULTS_REPORTER_H
#define PRELOAD_RESULTS_REPORTER_H

#include "base/types.h"

enum reporter_result { REPORTER_FAILED, REPORTER_SILENT, REPORTER_COUNTS };

/* At the beginning: finds the command, and notes what standard error is. */
void reporter_begin(void);

/* In a fork's child, which does not report. */
void reporter_forked(void);

/* Runs the reporter on the results file at @path, and waits for it. */
enum reporter_result reporter_run(const char *path);

#endif
