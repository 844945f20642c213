/*
 * Patches: how the original code leads into the clones.
 *
 * At an entry the original gets a jump of 5 bytes to the entry's clone; or, where
 * something else that is reached from outside begins too soon, one of 2 bytes to
 * an island that has the long jump: 5 bytes of padding between functions, or of
 * instructions that only the clone runs any more.
 *
 * The rule that keeps programs right: no byte is overwritten that any decoded
 * path can still reach in the original, but for the first byte of a patch.
 * Paths begin at calls (which stay in the original), at entries that are not
 * patched, and, where a jump is not understood, at every instruction.  A patch
 * that would break the rule is made short, or dropped; what it led away then
 * stays in the original as well, so this goes on until nothing changes.
 */
#ifndef X86_EMIT_PATCHES_H
#define X86_EMIT_PATCHES_H

#include "x86/survey/statistics.h"
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

/*
 * Chooses the patches of functions[@index], adds them to @patches, and sets
 * REACH_NATIVE.  @wanted has, per instruction, whether it makes an access to be
 * checked.  Adds to @statistics what concerns entries.  Returns how many patches
 * there are: with none the function stays as it is.
 */
uint32_t patches_choose(struct survey *survey, uint32_t index, const bool *wanted,
			struct patches *patches, struct plan_statistics *statistics);

/* Before the first choice: removes from the padding what can be reached. */
void patches_begin(struct survey *survey);

#endif
