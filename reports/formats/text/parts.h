/* Parts of text reports: colours, wrapped lines, scenario tables. */
#ifndef REPORTS_FORMATS_TEXT_PARTS_H
#define REPORTS_FORMATS_TEXT_PARTS_H

#include <stdio.h>

#include "reports/model/text_set.h"
#include "reports/words/view.h"

enum text_style { STYLE_PLAIN, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE, STYLE_BOLD, STYLE_DIM };

#define QUOTED_MAX 64u /* lines of source in a finding; more may be quoted again */

struct text_quoted_place {
	const char *file;
	unsigned line;
};

/* What stands in the finding already. */
struct text_quoted {
	struct text_quoted_place places[QUOTED_MAX];
	size_t count;
};

struct text_page {
	FILE *out;
	struct view *view;
	bool is_coloured;
	const char *root; /* paths in it are shown relative to it, or NULL */
	const char *program; /* whose stack is being written */
	bool has_gaps; /* a finding was shown without a place, locks or callers that were lost */
	struct text_quoted quoted;
	struct text_set created; /* threads whose creation was told, and its places */
};

/* The escape sequence that begins @style, or "". */
const char *text_style_on(const struct text_page *page, enum text_style style);
const char *text_style_off(const struct text_page *page);

/* The steps, one per line, in a column for each thread. */
void text_scenario(const struct text_page *page, const struct view_finding *finding);

/* @text cut at its end to @columns, which are at least 3; 0: as it is. */
const char *text_cut(const struct text_page *page, const char *text, size_t columns);

/* @text and a line end, broken between words to the terminal's columns: its first line
 * goes on in one that is @column wide, the others are indented by @indent. */
void text_wrap(const struct text_page *page, size_t column, unsigned indent, const char *text);

/* @head and @text, wrapped. */
void text_paragraph(const struct text_page *page, const char *head, const char *text);

#endif
