/* The memory of a finding, in a text report. */
#ifndef REPORTS_FORMATS_TEXT_MEMORY_H
#define REPORTS_FORMATS_TEXT_MEMORY_H

#include "reports/formats/text/parts.h"

/* The section about the variable or block. */
void text_memory(struct text_page *page, const struct view_finding *finding);

#endif
