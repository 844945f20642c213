/* One missing lock is one bug, whatever is accessed without it. */
#ifndef REPORTS_VIEW_MISSING_LOCK_H
#define REPORTS_VIEW_MISSING_LOCK_H

#include "reports/words/view.h"

/*
 * Does one call lack the lock in both?  A finding tells which lock, and in which function,
 * if one side holds it and the other, in a function that is not in the first one's stack,
 * does not.  The other finding shows it, too, if all its accesses are in that function
 * without the lock or elsewhere with it.
 */
bool missing_lock_is_same(struct view *view, const struct view_finding *known,
			  const struct view_finding *finding);

#endif
