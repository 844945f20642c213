/* What the user wants to see of a model, and how. */
#ifndef REPORTS_WORDS_VIEW_OPTIONS_H
#define REPORTS_WORDS_VIEW_OPTIONS_H

#include "base/types.h"

enum report_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct view_options {
	const char *program; /* its name as the user gave it; NULL: the first process's path */
	enum report_colour colour;
	const char *const *suppressions; /* files */
	size_t suppression_count;
	const char *baseline;		 /* a file, or NULL */
	bool generates_suppressions;	 /* text: an entry for them with each finding */
	bool counts_only_errors; /* for the exit status */
	bool is_verbose;	 /* text: whole stacks, and what was not reported */
	bool with_stats;	 /* text: coverage and losses, zero or not */
};

#endif
