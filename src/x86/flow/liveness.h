/*
 * Liveness: which general registers and flags some later instruction may need.
 *
 * Backward over the instructions of a function, to a fixed point (any compiler
 * book).  What is not known is taken to need everything: branches out of the
 * function, indirect jumps whose targets are not known, code that returns to
 * callers that are not known.  The ABI is no proof: assembly passes values in
 * any register and in CF, and compilers keep values in registers that they
 * know a callee to leave alone.
 */
#ifndef X86_FLOW_LIVENESS_H
#define X86_FLOW_LIVENESS_H

#include "base/arena.h"
#include "x86/survey/module.h"

/*
 * Fills @live[0 .. function->count]: what may be needed just before each
 * instruction; the last one is what runs on after the function.
 */
void liveness_compute(const struct module *module, const struct function *function,
		      uint32_t *live);

/*
 * Fills live_at_return and live_at_entry of all functions: a return goes to
 * known callers only if nobody else can know the function.  False: no memory
 * (and everything is live).
 */
bool liveness_of_returns(const struct module *module, struct arena *arena);

#endif
