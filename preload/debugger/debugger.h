/*
 * Clones for debuggers: gdb's and lldb's interface to just-in-time compilers.
 *
 * For each module an object file is made in memory, with unwind information and
 * a symbol for each clone, which has the original's name.  It is put into a
 * list that debuggers find by its symbol, and a function is called in which
 * they stop.  Neither is exported: a program with its own compiler has its own
 * ones.
 */
#ifndef PRELOAD_DEBUGGER_DEBUGGER_H
#define PRELOAD_DEBUGGER_DEBUGGER_H

#include "preload/code/clones.h"
#include "preload/debugger/function_names.h"

/* The clones of @plan are in @region.  Serialised by the caller. */
void debugger_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names);

/* The clones at @start are about to be unmapped. */
void debugger_remove(uintptr_t start);

#endif
