/*
 * Strides: how far an access moves on from one turn of its loop to the next.
 *
 * Only a guess of what is worth while: nothing that must hold rests on it.
 */
#ifndef X86_FLOW_STRIDES_H
#define X86_FLOW_STRIDES_H

#include "x86/survey/function.h"

/* Does instruction @index of @function access memory a line or more, or a distance that
 * a register has, behind the last turn of a short loop?  Not where the address is loaded.
 * *@back is 0 before the first call for a function, whose indexes then rise: it keeps
 * where the next branch to code before it stands. */
bool strides_are_far(const struct function *function, uint32_t index, uint32_t *back);

#endif
