/*
 * Rounds: does what stands behind or before a loop belong to its rounds?
 *
 * It does if it leads back into the loop by way of code only that nothing but a certain
 * instruction of the loop leads to.  A loop inside of another is entered anew instead, by what
 * is set up for it, to which the function's beginning leads as well.
 */
#ifndef X86_PATHS_ROUNDS_H
#define X86_PATHS_ROUNDS_H

#include "x86/survey/function.h"
#include "x86/survey/scratch.h"

/* Does instruction @index lead so into the loop of instructions @first to @last, of which @load
 * is one?  Without memory: no. */
bool rounds_have(const struct function *function, struct scratch *scratch, uint32_t load,
		 uint32_t first, uint32_t last, uint32_t index);

#endif
