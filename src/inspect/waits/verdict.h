/*
 * What the waits of threads amount to: deadlocks, also of several processes, and a hang of all.
 *
 * A thread waits for at most one other, so cycles are found by following each wait once.
 * In a process that runs each verdict is checked by a second look: the threads concerned
 * have not run in between, so all waits and holders were there at one time.
 */
#ifndef INSPECT_WAITS_VERDICT_H
#define INSPECT_WAITS_VERDICT_H

#include "inspect/objects/wait.h"

#define LOOKS_MAX 8u

/* One process or core, with a wait for each of its threads. */
struct look {
	struct target target;
	struct wait *waits;
	uint32_t first;	  /* the number of its first thread among those of all looks */
	bool has_handler; /* the program handles signals; for a core: it may */
};

struct verdict {
	enum finding_kind kind;
	enum severity severity;
	uint32_t details;  /* of enum finding_detail */
	uint32_t *members; /* numbers of threads: each waits for the next one */
	uint32_t member_count;
};

struct inspection {
	struct pool *pool;
	struct look looks[LOOKS_MAX]; /* the first is the one that was asked for */
	size_t look_count;
	struct verdict *verdicts;
	size_t verdict_count;
};

/* The look, and the index in it, of thread @number. */
struct look *verdict_look(struct inspection *inspection, uint32_t number, uint32_t *index);

/* The thread with @inner_id that holds what @look's thread waits for, or NULL; @owner is the
 * look that has it: another one only if other processes can have the object. */
struct target_thread *verdict_holder(struct inspection *inspection, struct look *look,
				     uint32_t inner_id, bool is_shared, struct look **owner);

/* Finds the verdicts.  They are still to be confirmed in a process. */
void verdict_find(struct inspection *inspection);

#endif
