/* What the user wants to see of a model, and how. */
#ifndef REPORTS_WORDS_VIEW_OPTIONS_H
#define REPORTS_WORDS_VIEW_OPTIONS_H

#include "finding/finding.h"

struct shown;

enum report_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct view_options {
	const char *program; /* its name as the user gave it; NULL: the first process's path */
	enum report_colour colour;
	uint64_t kinds;			 /* of finding to report; 0: all */
	const char *const *suppressions; /* files */
	size_t suppression_count;
	const char *default_suppressions; /* a file, or NULL; unused entries are not named */
	const char *baseline;		 /* a file, or NULL */
	const char *order;		 /* a file of lock orders, or NULL */
	struct shown *shown;		 /* what was printed while the program ran, or NULL */
	bool is_live;			 /* only what is due is written */
	bool generates_suppressions;	 /* text: an entry for them with each finding */
	const char *directory;	 /* paths in it are shown relative to it; NULL: as compiled */
	unsigned columns;	 /* of the terminal; 0: lines may be of any length */
	enum severity fails_from;	 /* findings from here up decide the exit status */
	int status_failed;		 /* the exit status if some do, ... */
	int status_else;		 /* ... and if none does */
	bool is_verbose;	 /* text: whole stacks, and what was not reported */
	bool with_stats;	 /* text: coverage and losses, zero or not */
};

#endif
