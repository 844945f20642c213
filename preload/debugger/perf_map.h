/*
 * A map of clones for perf, /tmp/perf-PID.map (--perf-map): a line "START SIZE
 * NAME" for each clone, in hexadecimal without a prefix.
 *
 * The file is not removed, as perf reads it after the program has ended.  A
 * compiler in the program may write there, too: lines are only appended.
 */
#ifndef PRELOAD_DEBUGGER_PERF_MAP_H
#define PRELOAD_DEBUGGER_PERF_MAP_H

#include "preload/debugger/function_names.h"

/* False: it cannot be written. */
bool perf_map_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names);

#endif
