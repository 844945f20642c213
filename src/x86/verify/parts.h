/*
 * Verification in two parts, internal to them: check code (checks.c), and copies
 * (verify.c).
 */
#ifndef X86_VERIFY_PARTS_H
#define X86_VERIFY_PARTS_H

#include "x86/checks/checks.h"
#include "x86/survey/counted.h"
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

#define VERIFY_TOLD_MOST 8u

/* A range that the code in front of a loop tells the thunk. */
struct told_range {
	uint32_t at; /* the call */
	struct counted_place place;
	int32_t extra;
	bool is_write;
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
	struct told_range told[VERIFY_TOLD_MOST];
	uint32_t told_count;
	uint32_t head; /* of the copy without checks: what compares; 0: not met yet */
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

/* Is the copy of instruction @index, at copy_at, right?  Moves *@after behind it. */
bool verify_copy(struct verifying *verifying, uint32_t *after);

/* Does the state row say that the original is about to run what is at @original? */
bool verify_state(const struct verifying *verifying, uint32_t at, int64_t original);

/* The size of the range that a chain of sites accesses. */
uint32_t verify_chain_bytes(const struct verifying *verifying, uint32_t site);

/* --- loops.c ----------------------------------------------------------------------------- */

/* Whether a loop that begins here will touch, by @site of instruction @index, the range that
 * the thunk is told at @at; notes that in @machine. */
bool verify_range(struct verifying *verifying, uint32_t at, struct symbolic *machine,
		  uint32_t site, uint32_t index);

/* The copy without checks of the loop that begins here, from @at on, entered by @machine. */
bool verify_loop(struct verifying *verifying, uint32_t at, const struct symbolic *machine);

/* Follows the call after a locked instruction, and moves *@at to its end. */
bool verify_follow_lock_end(struct verifying *verifying, uint32_t *at);

#endif
