/* Who created the threads of a finding, and where, in a text report. */
#ifndef REPORTS_FORMATS_TEXT_CREATION_H
#define REPORTS_FORMATS_TEXT_CREATION_H

#include "reports/formats/text/parts.h"

/* Each thread once in a report, and the callers of a place with the first thread of it. */
void text_creations(struct text_page *page, const struct view_finding *finding);

#endif
