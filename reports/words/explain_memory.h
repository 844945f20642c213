/* Sentences for findings about memory. */
#ifndef REPORTS_WORDS_EXPLAIN_MEMORY_H
#define REPORTS_WORDS_EXPLAIN_MEMORY_H

#include "reports/words/view.h"

/* "written by T2 (producer) and read by T3 (consumer)". */
const char *memory_accesses_phrase(struct view *view, const struct view_finding *finding);

/* How to fix it, by the locks that were held: one or two sentences.  @name: of what a lock is
 * to protect. */
const char *memory_lock_advice(struct view *view, const struct view_finding *finding,
			       const char *name);

/* "reads counter (41)": a step of a scenario. */
const char *memory_action(struct view *view, const struct view_finding *finding,
			  const struct finding_event *event);

/* "found 41", as far as it is known; else "". */
const char *memory_value_phrase(struct view *view, const struct view_finding *finding,
				const struct finding_event *event);

/* The scenario, and the remark behind its last step (or NULL). */
struct memory_story {
	struct scenario_step *steps;
	size_t step_count;
	const char *closing;
};

/* The scenario, step by step: as it happened; or, where no lost update was seen, as
 * an update can be lost. */
struct memory_story memory_tell(struct view *view, const struct view_finding *finding);

/* True if the scenario did not happen, but can. */
bool memory_is_shown_as_possible(const struct view_finding *finding);

#endif
