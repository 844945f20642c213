/* Entries for --suppressions, made from findings. */
#ifndef REPORTS_FILTER_GENERATE_H
#define REPORTS_FILTER_GENERATE_H

#include <stdio.h>

#include "reports/words/view.h"

/* An entry that matches @finding, in this build and others. */
void suppression_write(struct view *view, const struct view_finding *finding, FILE *out);

#endif
