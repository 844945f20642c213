/* One finding as text: what happened, by whom, on which locks, how to fix it. */
#ifndef REPORTS_FORMATS_TEXT_FINDING_H
#define REPORTS_FORMATS_TEXT_FINDING_H

#include "reports/formats/text_parts.h"

/* Everything that the thread of event @index did, then where it came from. */
void text_thread(const struct text_page *page, const struct view_finding *finding, size_t index);

void text_finding(const struct text_page *page, const struct view_finding *finding);

#endif
