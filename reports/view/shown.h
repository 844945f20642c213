/*
 * Findings that are printed while the program runs, each once and whole; the end of the
 * report has the others, and says what has changed.
 *
 * A finding is due once it has settled: it stood in the file at the look before, so that
 * other sights of its bug are there by now.  One that later records decide about,
 * provisional or held back, waits for the end.
 */
#ifndef REPORTS_VIEW_SHOWN_H
#define REPORTS_VIEW_SHOWN_H

#include "reports/words/view.h"

#define SHOWN_MAX 1000u /* more are left to the end */

/* A sight of a bug, as it was printed. */
struct shown_finding {
	uint32_t process; /* its index in the results file */
	uint32_t id;
	enum finding_kind kind;
	uint64_t count;	    /* of the bug */
	size_t other_count;
	const char *fingerprint;
	const char *headline; /* NULL: it stood beside another sight */
	bool is_met;	      /* in the last view */
};

/* All zero before the first. */
struct shown {
	struct pool pool;
	struct shown_finding *rows;
	size_t count;
	uint64_t settled_bytes; /* of the results file */
};

/* Sets 'shown' of the findings of @view that were printed. */
void shown_match(struct view *view);

/* Leaves those in the view that are due and were not printed. */
void shown_keep_due(struct view *view);

/* All findings of @view were printed. */
void shown_add(struct shown *shown, struct view *view);

/* Has it been met again since, or another sight of the bug been found? */
bool shown_has_changed(const struct view_finding *finding);

/* Is it still a finding, or among the sights of one? */
bool shown_is_gone(const struct shown_finding *row);

#endif
