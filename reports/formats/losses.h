/*
 * Losses: what was dropped or not observed.
 *
 * A report without them would claim more than was observed.
 */
#ifndef REPORTS_FORMATS_LOSSES_H
#define REPORTS_FORMATS_LOSSES_H

#include "reports/formats/text/parts.h"

/* A line for each loss that is not zero, and each child that was not observed. */
void losses_write(struct text_page *page);

#endif
