/* The text report: for people at a terminal and in CI logs. */
#ifndef REPORTS_FORMATS_TEXT_H
#define REPORTS_FORMATS_TEXT_H

#include <stdio.h>

#include "reports/view.h"

/* 0 or a negative errno. */
int text_write(struct view *view, FILE *out);

#endif
