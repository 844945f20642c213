/* What every thread of a process did when --timeout ended it, or when `snarl ps` looked. */
#ifndef REPORTS_FORMATS_BLOCKED_H
#define REPORTS_FORMATS_BLOCKED_H

#include "reports/formats/text/parts.h"

void blocked_write(struct text_page *page);

#endif
