/* Threads that do the same in a finding: at the same places, with the same locks. */
#ifndef REPORTS_FORMATS_TEXT_GROUP_H
#define REPORTS_FORMATS_TEXT_GROUP_H

#include "reports/words/view.h"

/* The first thread of the finding that does what @thread does. */
thread_id group_first(const struct view_finding *finding, thread_id thread);

/* The threads that do what @first, a group's first, does: their number; the names of some. */
size_t group_count(const struct view_finding *finding, thread_id first);
const char *group_words(struct view *view, const struct view_finding *finding, thread_id first);

#endif
