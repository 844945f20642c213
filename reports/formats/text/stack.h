/*
 * Stacks in text reports.
 *
 * The innermost frame of the program's own code comes first, with its line of source and
 * the column marked; what it called in libraries stands beside it.  Frames of libraries
 * between own ones are folded to one line, and what a library puts between a thread's
 * start and the program is left out.  A stack that differs in its first frame alone from one
 * beside it is told by a place.  With --verbose all frames are there.
 */
#ifndef REPORTS_FORMATS_TEXT_STACK_H
#define REPORTS_FORMATS_TEXT_STACK_H

#include "reports/formats/text/parts.h"

/* Each line of source is quoted once in a finding. */
void text_stack(struct text_page *page, const struct model_process *process, stack_id stack);

/* Where @stack was, in place of it, if it has but one frame of the program's own that @beside,
 * which the reader has seen, has not: "bank.c:12", "bank.c:12 in transfer"; else NULL. */
const char *text_stack_place(struct text_page *page, const struct model_process *process,
			     stack_id stack, stack_id beside);

/* Do they look the same? */
bool text_stack_is_same(struct text_page *page, const struct model_process *process, stack_id one,
			stack_id other);

/* The line of source alone of the innermost frame of the program's own code. */
void text_source(struct text_page *page, const struct model_process *process, stack_id stack);

/* A new finding begins: what was quoted before is quoted again. */
void text_forget_quotes(struct text_page *page);

#endif
