/* The memory of a finding, in a text report. */
#ifndef REPORTS_FORMATS_TEXT_MEMORY_H
#define REPORTS_FORMATS_TEXT_MEMORY_H

#include "reports/formats/text/parts.h"

/* "reads counter, 4 bytes, found 41, holding no lock:" */
const char *text_access_words(struct text_page *page, const struct view_finding *finding,
			      const struct finding_event *event);

/* The section about the variable or block. */
void text_memory(struct text_page *page, const struct view_finding *finding);

#endif
