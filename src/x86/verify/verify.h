/*
 * Verification of clones: proves without running them that each is its original
 * plus checks.
 *
 * The clone is decoded again.  From each instruction's place in the clone, all
 * paths through the check code are followed with a symbolic machine, which knows
 * of each register whether it has the original's value, an address, saved flags,
 * or nothing of use.  Every path must end at the copy of the instruction, with all
 * live registers unchanged; the copy must have the same bytes, or lead and point
 * to the same places.  On the way only the check's own stack is written, every
 * thunk gets the address of its site's operand, and the states agree with the
 * machine.
 */
#ifndef X86_VERIFY_VERIFY_H
#define X86_VERIFY_VERIFY_H

#include "x86/decode/decode.h"
#include "x86/plan.h"

struct verification {
	uint32_t begins_with; /* asked: the number of the function to verify first */
	uint64_t functions, instructions, steps, thunk_calls;
	/* Of the first thing found wrong: */
	const char *what; /* NULL: nothing is */
	uint32_t text_offset, clone_offset;
};

/* Verifies all of @plan, which was made with @options, keeps_instructions among them.
 * Memory is @arena's.  False: something is wrong, or no memory. */
bool verify_clones(const struct decoder *decoder, const struct plan *plan,
		   const struct plan_options *options, struct arena *arena,
		   struct verification *verification);

#endif
