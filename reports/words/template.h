/* The words in braces of explain.def, which says what they stand for. */
#ifndef REPORTS_WORDS_TEMPLATE_H
#define REPORTS_WORDS_TEMPLATE_H

#include "reports/words/view.h"

/* @template about @finding with its words filled in. */
const char *template_fill(struct view *view, const struct view_finding *finding,
			  const char *template);

#endif
