/* The JSON report, version 1: one document for all processes of a run. */
#ifndef REPORTS_FORMATS_JSON_H
#define REPORTS_FORMATS_JSON_H

#include <stdio.h>

#include "reports/view.h"

/* 0 or a negative errno. */
int json_write(struct view *view, FILE *out);

#endif
