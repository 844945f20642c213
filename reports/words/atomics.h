/*
 * Atomics by debug information: races that are none.
 *
 * On x86 an atomic load or store with acquire, release or no order at all is a
 * plain move: machine code cannot tell it from an access to a plain variable.
 * Debug information often can: by the type of the variable, or because the
 * instruction comes from an inlined member of an atomic class.
 */
#ifndef REPORTS_WORDS_ATOMICS_H
#define REPORTS_WORDS_ATOMICS_H

#include "reports/words/view.h"

/* True if @event, an access of @finding, is known to be an atomic one. */
bool access_is_atomic(struct view *view, const struct view_finding *finding,
		      const struct finding_event *event);

/*
 * False if @finding is about atomics alone and to be held back.  Else its
 * severity, details and note on atomics are what debug information makes them.
 */
bool atomics_judge(struct view *view, struct view_finding *finding);

/* True if @name, as demangled, is a function that does one atomic operation. */
bool is_atomic_function(const char *name);

#endif
