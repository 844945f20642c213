/*
 * Verdict: whether the accesses of a race are plain or atomic.
 *
 * On x86 an atomic load or store with relaxed, acquire or release order is a plain
 * move, so machine code alone does not show whether a race is one.  Each side of it
 * is classified by its own evidence, in this order: the instruction, the types, the
 * functions inlined around it, the text of the source, and the code that the
 * compiler generates for atomics (RULES.md, 'Plain or atomic').  One side that is
 * certainly plain makes the race an error.
 */
#ifndef REPORTS_WORDS_VERDICT_H
#define REPORTS_WORDS_VERDICT_H

#include "reports/source/statement.h"
#include "reports/words/view.h"

/* Whether @event, an access of @finding, is plain or atomic, and why. */
struct evidence verdict_of_access(struct view *view, const struct view_finding *finding,
				  const struct finding_event *event);

/* Was @event, an access of @finding, made by a locked instruction, as far as is known? */
bool verdict_is_locked(struct view *view, const struct view_finding *finding,
		       const struct finding_event *event);

/* Is @finding about what locked instructions have shown to be atomic, and a note as yet?  It is
 * an error if one side is plain, and else nothing. */
bool verdict_is_beside_atomic(const struct view_finding *finding);

/* Is one side of @finding, a race, certainly plain, so that the two order nothing? */
bool verdict_is_certain(struct view *view, const struct view_finding *finding);

/*
 * False if @finding is about atomics alone and is not to be reported.  Else sets its
 * kind, severity, details and note on atomics by the evidence.
 */
bool verdict_apply(struct view *view, struct view_finding *finding);

#endif
