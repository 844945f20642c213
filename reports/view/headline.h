/* A finding in one line: where it is, how bad, of which kind, what happened. */
#ifndef REPORTS_VIEW_HEADLINE_H
#define REPORTS_VIEW_HEADLINE_H

#include "reports/words/view.h"

/* "bank.c:12: ", or "". */
const char *headline_place(struct view *view, const struct view_finding *finding);

/* What happened, in which process, how often. */
const char *headline_words(struct view *view, const struct view_finding *finding);

/* The whole line. */
const char *headline_line(struct view *view, const struct view_finding *finding);

#endif
