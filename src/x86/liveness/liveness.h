/*
 * Liveness: which general registers and flags some later instruction may need.
 *
 * The usual backward analysis to a fixed point.  Unknown code is taken to need
 * everything: branches out of the function, indirect jumps to unknown targets,
 * returns to unknown callers.  The ABI is no proof: assembly passes values in any
 * register and in CF, and compilers keep values in registers that they know a
 * callee to leave alone.
 */
#ifndef X86_FLOW_LIVENESS_H
#define X86_FLOW_LIVENESS_H

#include "base/arena.h"
#include "x86/survey/module.h"

/* Fills @live[0 .. function->count]: what is live before each instruction, and last
 * what is live behind the function. */
void liveness_compute(const struct module *module, const struct function *function,
		      uint32_t *live);

/* Fills live_at_return and live_at_entry of all functions.  A return goes to known
 * callers only if no unknown code can call the function.  False: no memory, and
 * everything is live. */
bool liveness_of_returns(const struct module *module, struct arena *arena);

#endif
