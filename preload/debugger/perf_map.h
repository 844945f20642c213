/*
 * perf's map of code that is in no file: /tmp/perf-PID.map, a line "START SIZE NAME"
 * per clone, in hexadecimal without a prefix.  On request (--perf-map).
 *
 * The file stays, as perf reads it when the program has ended.  Compilers in the
 * program may write there, too: lines are only appended.
 */
#ifndef PRELOAD_DEBUGGER_PERF_MAP_H
#define PRELOAD_DEBUGGER_PERF_MAP_H

#include "preload/debugger/function_names.h"

/* False: it cannot be written. */
bool perf_map_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names);

#endif
