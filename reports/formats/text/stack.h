/*
 * Stacks in text reports.
 *
 * The innermost frame of the program's own code comes first, with its line of source and
 * the column marked; what it called in libraries stands beside it.  Frames of libraries
 * between own ones are folded to one line, and what a library puts between a thread's
 * start and the program is left out.  With --verbose all frames are there.
 */
#ifndef REPORTS_FORMATS_TEXT_STACK_H
#define REPORTS_FORMATS_TEXT_STACK_H

#include "reports/formats/text/parts.h"

/* Each line of source is quoted once in a finding. */
void text_stack(struct text_page *page, const struct model_process *process, stack_id stack);

/* The line of source alone of the innermost frame of the program's own code. */
void text_source(struct text_page *page, const struct model_process *process, stack_id stack);

/* A new finding begins: what was quoted before is quoted again. */
void text_forget_quotes(struct text_page *page);

#endif
