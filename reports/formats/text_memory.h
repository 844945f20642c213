/* The memory of a finding, in a text report. */
#ifndef REPORTS_FORMATS_TEXT_MEMORY_H
#define REPORTS_FORMATS_TEXT_MEMORY_H

#include "reports/formats/text_parts.h"

/* "reads counter, 4 bytes, found 41:", its stack, and the line of source. */
void text_access(const struct text_page *page, const struct view_finding *finding,
		 const struct finding_event *event);

/* The section about the variable or block. */
void text_memory(const struct text_page *page, const struct view_finding *finding);

#endif
