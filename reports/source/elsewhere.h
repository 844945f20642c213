/*
 * Accesses whose line does not say what they are: compilers merge accesses, and move them out
 * of loops, to a line of the function that they have inlined another one into, or to none.
 * They never move an atomic access.
 *
 * Such an access is plain if all that it can be is.  For variables that have a name of their
 * own, as another object may have a member of that name.
 */
#ifndef REPORTS_SOURCE_ELSEWHERE_H
#define REPORTS_SOURCE_ELSEWHERE_H

#include "reports/source/reading.h"

/* Is it plain, if it is one of its function's? */
bool elsewhere_is_plain_in_function(const struct reading *reading);

/* Does each statement of the unit's own files that names the variable access it plainly? */
bool elsewhere_is_plain(const struct reading *reading);

#endif
