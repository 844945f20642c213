/*
 * Verification in two parts, internal to them: check code (checks.c), and copies
 * (verify.c).
 */
#ifndef X86_VERIFY_PARTS_H
#define X86_VERIFY_PARTS_H

#include "x86/flow/checks.h"
#include "x86/verify/symbolic.h"
#include "x86/verify/verify.h"

#define VERIFY_NODES_MOST 8192u

/* A place in a check's code where paths begin or meet. */
struct node {
	uint32_t at;
	bool is_waiting;
	struct symbolic machine;
};

/* Machines, which are too large for the stack. */
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
	bool is_before_loop;	       /* only ranges are recorded there */
	uint32_t copy_at;	       /* where the paths ended; 0: not yet */
};

/* Records that @what is wrong at @at; returns false. */
bool verify_wrong(struct verifying *verifying, uint32_t at, const char *what);

/* The instruction whose checks are followed. */
const struct instruction *verify_current(const struct verifying *verifying);

bool verify_decode(struct verifying *verifying, uint32_t at, struct instruction *instruction);

/* Follows all paths from the current instruction's place to its copy, at copy_at. */
bool verify_follow_checks(struct verifying *verifying);

/* Follows the code in front of a counted loop, from @at to its first instruction, the one
 * behind the current one. */
bool verify_follow_ranges(struct verifying *verifying, uint32_t at);

/* Follows the call after a locked instruction, and moves *@at to its end. */
bool verify_follow_lock_end(struct verifying *verifying, uint32_t *at);

#endif
