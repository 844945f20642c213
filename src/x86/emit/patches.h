/*
 * Patches: how the original code leads into the clones.
 *
 * At an entry the original gets a jump of 5 bytes to the entry's clone.  If another
 * entry begins too soon, it gets one of 2 bytes to an island that has the long jump:
 * 5 bytes of padding between functions, or of instructions that only the clone runs.
 *
 * Invariant: no byte is overwritten that any decoded path can still reach in the
 * original, but for the first byte of a patch.  Paths begin at calls (which stay in
 * the original), at entries that are not patched, and, if a jump is not understood,
 * at every instruction.  A patch that would break the rule is made short or dropped;
 * then more code stays in the original, so this is repeated until nothing changes.
 */
#ifndef X86_EMIT_PATCHES_H
#define X86_EMIT_PATCHES_H

#include "x86/survey/site.h"
#include "x86/survey/survey.h"

struct chosen_patch {
	uint32_t offset; /* where it is in the text */
	uint32_t island; /* text offset, or 0 */
};

struct patches {
	struct chosen_patch *rows;
	uint32_t count, room;
	bool failed; /* out of memory */
};

/* Chooses the patches of functions[@index], adds them to @patches, sets REACH_NATIVE,
 * and counts entries in @statistics.  @wanted says per instruction whether it makes an
 * access to be checked.  Returns the number of patches; 0: the function is not cloned. */
uint32_t patches_choose(struct survey *survey, uint32_t index, const bool *wanted,
			struct patches *patches, struct plan_statistics *statistics);

/* To be called before the first choice: padding that can be reached is none. */
void patches_begin(struct survey *survey);

#endif
