/*
 * Verification, in two parts: what check code does (verify_checks.c), and what
 * is copied, and from where (verify.c).  Between these alone.
 */
#ifndef X86_VERIFY_PARTS_H
#define X86_VERIFY_PARTS_H

#include "x86/flow/checks.h"
#include "x86/verify/symbolic.h"
#include "x86/verify/verify.h"

#define VERIFY_NODES_MOST 8192u

/* A place in a check's code that paths lead through. */
struct node {
	uint32_t at;
	bool is_waiting;
	struct symbolic machine;
};

/* Machines in work: large, for the stack. */
struct machines {
	struct symbolic machine, edge;
};

struct verifying {
	const struct decoder *decoder;
	const struct plan_options *options;
	const struct module *module;
	const struct plan *plan;
	struct verification *result;
	const struct function *function;
	const uint32_t *offsets;
	const uint32_t *live;
	uint32_t index; /* of the instruction whose checks are followed */
	struct node *nodes;
	uint32_t node_count;
	struct machines *machines;
	uint32_t *begun_at, *ended_at; /* per site: the one call of a thunk for it */
	uint32_t copy_at;	       /* where the paths ended; 0: not yet */
};

/* Notes what is wrong at @at; returns false. */
bool verify_wrong(struct verifying *verifying, uint32_t at, const char *what);

/* The instruction whose checks are followed. */
const struct instruction *verify_current(const struct verifying *verifying);

bool verify_decode(struct verifying *verifying, uint32_t at, struct instruction *instruction);

/* Follows all paths from the place of the current instruction: to copy_at. */
bool verify_follow_checks(struct verifying *verifying);

/* The call that follows a locked instruction, at *@at; afterwards that is where it ends. */
bool verify_follow_lock_end(struct verifying *verifying, uint32_t *at);

#endif
