/*
 * What the waits of a target's threads amount to: deadlocks, and a hang of all.
 *
 * A thread waits for at most one other, so cycles are found by following each wait once.
 * In a process that runs each verdict is checked by a second look: the threads concerned
 * have not run in between, so all waits and holders were there at one time.
 */
#ifndef INSPECT_WAITS_VERDICT_H
#define INSPECT_WAITS_VERDICT_H

#include "inspect/objects/wait.h"

struct verdict {
	enum finding_kind kind;
	enum severity severity;
	uint32_t details;  /* of enum finding_detail */
	uint32_t *members; /* indices of threads: each waits for the next one */
	uint32_t member_count;
};

struct inspection {
	struct target target;
	struct wait *waits; /* one for each thread */
	struct verdict *verdicts;
	size_t verdict_count;
	bool has_handler; /* the program handles signals; for a core: it may */
};

/* The thread that the wait of thread @index is for, as an index; -1: none, not known, or
 * the wait ends by itself. */
long verdict_follow(const struct inspection *inspection, uint32_t index);

/* Finds the verdicts.  They are still to be confirmed in a process. */
void verdict_find(struct inspection *inspection);

#endif
