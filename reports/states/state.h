/*
 * What the threads of a process did when --timeout ended it, or when `snarl ps` looked: what
 * was seen from outside, and what the guest library knows of those that wait.
 */
#ifndef REPORTS_STATES_STATE_H
#define REPORTS_STATES_STATE_H

#include "reports/words/view.h"

struct thread_state {
	struct model_state seen; /* its thread is 0 if no record tells of it */
	const struct finding_event *event; /* its wait, with what it holds as far as known */
	bool is_blocked;
	uint32_t taken; /* the stack with which its holder had taken what it waits for, or 0 */
};

/* Of all threads of @process. */
struct thread_state *states_collect(struct view *view, const struct model_process *process,
				    size_t *count);

/* "waits for bank.c:lock, held by T2 (transfer)", "reads from descriptor 3", "runs". */
const char *state_words(struct view *view, const struct view_finding *finding,
			const struct thread_state *state);

/* True if both threads do the same: the same stack, for the same object, holding the same. */
bool state_is_same(const struct thread_state *state, const struct thread_state *of);

#endif
