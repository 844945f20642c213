/*
 * Explaining: sentences for a finding.
 *
 * A summary in one line, the scenario step by step, what would fix it, and the
 * limits of the verdict.  The sentences are the rows of explain.def and
 * details.def.
 */
#ifndef REPORTS_WORDS_EXPLAIN_H
#define REPORTS_WORDS_EXPLAIN_H

#include "reports/words/view.h"

/* Names each lock once, in order: this fixes the numbers of equal names. */
void explain_name_locks(struct view *view, const struct view_finding *finding);

/* Fills summary, steps, advice and notes. */
void explain_finding(struct view *view, struct view_finding *finding);

/* "acquires bank.c:lock", "waits for T3 (worker) to end". */
const char *explain_action(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event);

/* The same with sizes, values and locks: "reads counter, 4 bytes, found 41, holding no lock". */
const char *explain_event(struct view *view, const struct view_finding *finding,
			  const struct finding_event *event);

/* True if its scenario did not happen in this run, but can. */
bool explain_is_possible(const struct view_finding *finding);

/* The names in JSON of @details, in order; the last is NULL. */
const char **detail_names(struct pool *pool, uint32_t details);

/* Is it worth telling?  Not a once (which may be gone) that a library runs the program in, as
 * std::async does. */
bool explain_tells_hold(struct view *view, const struct view_finding *finding,
			const struct finding_hold *hold);

#endif
