/*
 * One bug, one finding.
 *
 * The detector keeps apart what is one to a person: a variable that many pairs of places
 * or threads race over, the fields of one structure that lack one lock, a container and what
 * it stores, what later deadlocks (an inversion, a read lock taken twice, a lock in a signal
 * handler), and uses of a lock after one end.  The first finding stands for all; the others
 * are listed with it.
 */
#ifndef REPORTS_VIEW_SAME_BUG_H
#define REPORTS_VIEW_SAME_BUG_H

#include "reports/words/view.h"

/* Do they differ in nothing that a report shows but the process? */
bool same_bug_equal(const struct view_finding *known, const struct view_finding *finding);

/* Texts of which two findings share one, if either is another sight of the other's bug;
 * returns their number. */
#define SAME_BUG_KEYS 9
size_t same_bug_keys(struct view *view, const struct view_finding *finding,
		     const char *keys[SAME_BUG_KEYS]);

/* Is @finding another sight of @known's bug? */
bool same_bug_related(struct view *view, const struct view_finding *known,
		      const struct view_finding *finding);

/* Is @content about a block that a library allocated at a line of the program where it accesses
 * what @container is about, and are its own accesses at lines of that, too?  Then it is of what
 * the container stores. */
bool same_bug_is_content(struct view *view, const struct view_finding *content,
			 const struct view_finding *container);

/* Is @finding what led to the deadlock @known?  Then it tells what is to be mended. */
bool same_bug_is_cause(const struct view_finding *known, const struct view_finding *finding);

#endif
