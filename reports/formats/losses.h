/*
 * Losses: what was dropped or not observed.
 *
 * A report that is silent about them would claim more than was looked at.
 */
#ifndef REPORTS_FORMATS_LOSSES_H
#define REPORTS_FORMATS_LOSSES_H

#include <stdio.h>

#include "reports/words/view.h"

/* One line per loss that is not zero, and per child that was not observed. */
void losses_write(struct view *view, FILE *out);

/* Counters of losses that are not zero. */
uint32_t losses_count(const struct model *model);

#endif
