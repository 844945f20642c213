/* One finding as text. */
#ifndef REPORTS_FORMATS_TEXT_FINDING_H
#define REPORTS_FORMATS_TEXT_FINDING_H

#include "reports/formats/text/parts.h"

void text_finding(struct text_page *page, const struct view_finding *finding);

/* "bank.c:12: ": where it was found; "" if that is not known. */
const char *text_headline_place(struct text_page *page, const struct view_finding *finding);

/* "A and B are taken in both orders by T2 (left) and T3 (right) [3 times]" */
const char *text_headline(struct text_page *page, const struct view_finding *finding);

#endif
