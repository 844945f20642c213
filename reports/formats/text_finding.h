/* One finding as text. */
#ifndef REPORTS_FORMATS_TEXT_FINDING_H
#define REPORTS_FORMATS_TEXT_FINDING_H

#include "reports/formats/text_parts.h"

/* The events of the thread of event @index, from that one on, and its creation. */
void text_thread(const struct text_page *page, const struct view_finding *finding, size_t index);

void text_finding(const struct text_page *page, const struct view_finding *finding);

#endif
