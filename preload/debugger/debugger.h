/*
 * What debuggers know of clones: gdb's and lldb's interface to just-in-time compilers.
 *
 * For each module an object file is made in memory, with a symbol per clone that
 * has the original's name, and unwind information.  It hangs in a list that a
 * debugger finds by its symbol, and a function is called in which it stops.
 * Nobody else looks at either, and neither is exported: programs with compilers of
 * their own have theirs.
 */
#ifndef PRELOAD_DEBUGGER_DEBUGGER_H
#define PRELOAD_DEBUGGER_DEBUGGER_H

#include "preload/code/clones.h"
#include "preload/debugger/function_names.h"

/* @region has been filled with what @plan says.  Serialised by the caller. */
void debugger_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names);

/* The clones at @start are about to go. */
void debugger_remove(uintptr_t start);

#endif
