/* Parts of text reports: colours, stacks, scenario tables. */
#ifndef REPORTS_FORMATS_TEXT_PARTS_H
#define REPORTS_FORMATS_TEXT_PARTS_H

#include <stdio.h>

#include "reports/words/view.h"

enum text_style { STYLE_PLAIN, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE, STYLE_BOLD, STYLE_DIM };

struct text_page {
	FILE *out;
	struct view *view;
	bool is_coloured;
};

/* The escape sequence that begins @style, or "". */
const char *text_style_on(const struct text_page *page, enum text_style style);
const char *text_style_off(const struct text_page *page);

/* The frames, one per line, indented.  Without --verbose, runs of frames in libraries
 * are cut after the innermost. */
void text_stack(const struct text_page *page, const struct model_process *process, stack_id stack);

/* The same, with the source line of the innermost frame in the program's own code. */
void text_stack_with_source(const struct text_page *page, const struct model_process *process,
			    stack_id stack);

/* The steps, one per line, in a column for each thread. */
void text_scenario(const struct text_page *page, const struct view_finding *finding);

/* @text in lines of at most 96 columns, indented by 4; @head before the first. */
void text_paragraph(const struct text_page *page, const char *head, const char *text);

#endif
