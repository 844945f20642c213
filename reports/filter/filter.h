/*
 * The filter: which findings of a view are not reported, and why.
 *
 * Those that an entry of --suppressions matches, or that --baseline has, are set aside:
 * they are counted, and formats that can say so show them, but they do not count for the
 * exit status.  Those of a kind that is not looked for are left out.
 */
#ifndef REPORTS_FILTER_FILTER_H
#define REPORTS_FILTER_FILTER_H

#include <stdio.h>

#include "reports/filter/baseline.h"
#include "reports/filter/suppressions.h"
#include "reports/words/view.h"

struct filter {
	struct suppressions suppressions; /* the user's, then the default ones */
	size_t own_count;		  /* of the user's */
	struct baseline baseline;
};

/* Reads the files that @options name.  0, or a negative errno and @error. */
int filter_read(struct filter *filter, struct pool *pool, const struct view_options *options,
		char *error, size_t error_bytes);

/* Sets findings of @view aside; @filter must live as long as it. */
void filter_apply(struct filter *filter, struct view *view);

/* ", 2 suppressed, 1 in the baseline", or "". */
const char *filter_words(const struct view *view);

/* Lines about entries that were not used, or have expired; with --verbose, of those used. */
void filter_write_notes(const struct view *view, FILE *out);

#endif
