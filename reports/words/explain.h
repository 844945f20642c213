/*
 * Explaining: from a finding's events to sentences.
 *
 * Pure functions of the model: what happened in one line, the scenario step by
 * step, what would fix it, and what limits the verdict.  The sentences are the
 * rows of explain.def and details.def.
 */
#ifndef REPORTS_WORDS_EXPLAIN_H
#define REPORTS_WORDS_EXPLAIN_H

#include "reports/words/view.h"

/* Asks for the name of each lock once, in order, so that numbers are settled. */
void explain_name_locks(struct view *view, const struct view_finding *finding);

/* Fills summary, steps, advice and notes. */
void explain_finding(struct view *view, struct view_finding *finding);

/* "acquires bank.c:lock", "waits for T3 (worker) to end". */
const char *explain_action(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event);

/* JSON's word for detail bit @bit, or NULL. */
const char *detail_name(uint32_t bit);

/* All detail names of @details in order; the last is NULL. */
const char **detail_names(struct pool *pool, uint32_t details);

#endif
