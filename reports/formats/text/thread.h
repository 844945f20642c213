/* The threads of a finding, in a text report: what each does. */
#ifndef REPORTS_FORMATS_TEXT_THREAD_H
#define REPORTS_FORMATS_TEXT_THREAD_H

#include "reports/formats/text/parts.h"

/* Is event @index the first that is shown with its thread? */
bool text_is_first_of_thread(const struct view_finding *finding, size_t index);

/* The events of the thread of event @index, from that one on. */
void text_thread(struct text_page *page, const struct view_finding *finding, size_t index);

/* The other locks that the thread of event @index held, with the stacks where it took them. */
void text_holds(struct text_page *page, const struct view_finding *finding, size_t index);

#endif
