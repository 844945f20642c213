/*
 * Where a statement has its atomic operations, and what is left of it without them: in
 * "last = __atomic_load_n(&next, order)" the store to last is plain.
 *
 * An operation is a call: of a name that says so, or with an argument that does
 * ("next.load(std::memory_order_relaxed)"), or of a macro that does nothing else with its
 * arguments.
 */
#ifndef REPORTS_SOURCE_OPERATIONS_H
#define REPORTS_SOURCE_OPERATIONS_H

#include "reports/source/reading.h"

bool operations_are_in(const struct reading *reading);

/*
 * Puts a number in place of each atomic operation among the tokens.  False, and nothing is
 * changed, if one of them names the variable that is asked for, or is no such call, or if
 * what remains does not name the variable.
 */
bool operations_leave_out(struct reading *reading);

/* Does each operation show what it accesses, by a name: "&count", "&queue->head", "head.store"?
 * Through a pointer it may access anything. */
bool operations_show_places(const struct reading *reading);

/* Is the variable what operations access, and named nowhere else?  Then they are left out, too.
 * They all show their places. */
bool operations_take_variable(struct reading *reading);

#endif
