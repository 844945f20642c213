/*
 * Plain or atomic: how sure a race is.
 *
 * On x86 an atomic load or store with acquire, release or no order at all is a
 * plain move, so machine code alone cannot tell a race from a correct program.
 * Each side of a race is judged by its own evidence, in this order: what the
 * instruction can be, the types, the functions inlined around it, the text of the
 * source, and what the compiler makes of atomics (RULES.md, 'Plain or atomic').
 * One side that is certainly plain makes the race an error.
 */
#ifndef REPORTS_WORDS_VERDICT_H
#define REPORTS_WORDS_VERDICT_H

#include "reports/source/statement.h"
#include "reports/words/view.h"

/* What @event, an access of @finding, is taken for. */
struct evidence verdict_of_access(struct view *view, const struct view_finding *finding,
				  const struct finding_event *event);

/*
 * False if @finding is about atomics alone and to be held back.  Else its kind,
 * severity, details and note on atomics are what the evidence makes them.
 */
bool verdict_apply(struct view *view, struct view_finding *finding);

#endif
