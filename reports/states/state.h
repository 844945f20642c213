/* What a thread does that was looked at from outside, in words. */
#ifndef REPORTS_STATES_STATE_H
#define REPORTS_STATES_STATE_H

#include "reports/words/view.h"

/* @state as an event of @finding, for its names. */
const struct finding_event *state_event(struct pool *pool, const struct model_state *state);

/* "waits for bank.c:lock, held by T2 (transfer)", "reads from descriptor 3", "runs". */
const char *state_words(struct view *view, const struct view_finding *finding,
			const struct model_state *state);

/* True if both threads do the same: the same stack, for the same object. */
bool state_is_same(const struct model_state *one, const struct model_state *other);

#endif
