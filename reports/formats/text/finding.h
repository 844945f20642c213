/* One finding as text. */
#ifndef REPORTS_FORMATS_TEXT_FINDING_H
#define REPORTS_FORMATS_TEXT_FINDING_H

#include "reports/formats/text/parts.h"

void text_finding(struct text_page *page, const struct view_finding *finding);

#endif
