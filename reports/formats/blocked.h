/*
 * What every thread of a process did when --timeout ended it, or when `snarl ps` looked:
 * from the slots of a results file, which know locks, and from what was seen from outside.
 *
 * Running threads write their slots, so each is copied under its sequence number;
 * a slot that keeps changing belongs to a thread that is not blocked.
 */
#ifndef REPORTS_FORMATS_BLOCKED_H
#define REPORTS_FORMATS_BLOCKED_H

#include "reports/formats/text/parts.h"

void blocked_write(struct text_page *page);

#endif
