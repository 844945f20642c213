/*
 * Unwind information of clones, for debuggers: how to find the caller's frame at
 * each place of a copy, checks included.  The program itself never needs it.
 *
 * A clone keeps its frame where the original does.  So each entry (FDE) says what
 * the original's says, at the places of the copies (struct plan_state), and in a
 * check also how far the stack pointer was lowered and what was put aside.
 */
#ifndef PRELOAD_DEBUGGER_CLONE_FRAMES_H
#define PRELOAD_DEBUGGER_CLONE_FRAMES_H

#include "base/growing.h"
#include "x86/plan.h"

struct function;

/* Adds the part that all entries share (CIE), or ends the table.  Returns where it is. */
size_t clone_frames_begin(struct growing *to);
void clone_frames_end(struct growing *to);

/* Adds the entry of @function's clone, @common being where the shared part is.
 * None if the original's is not understood. */
void clone_frames_add(struct growing *to, size_t common, const struct plan *plan, uint64_t text,
		      const struct function *function);

#endif
