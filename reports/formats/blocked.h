/*
 * What every thread is blocked on, from the slots of a results file.
 *
 * Running threads write their slots, so each is copied under its sequence number;
 * a slot that keeps changing belongs to a thread that is not blocked.
 */
#ifndef REPORTS_FORMATS_BLOCKED_H
#define REPORTS_FORMATS_BLOCKED_H

#include <stdio.h>

#include "reports/words/view.h"

/* 0 or a negative errno. */
int blocked_write(struct view *view, FILE *out);

#endif
