/*
 * Which modules' memory accesses are observed.
 *
 * The program, and its libraries unless they lie in the system's folders;
 * libraries there if --modules names them.  --skip-modules excludes modules.
 * Never observed: the C library, the loader, allocators, sanitizers, this
 * library and those that it uses.
 */
#ifndef PRELOAD_CODE_MODULES_WATCHED_H
#define PRELOAD_CODE_MODULES_WATCHED_H

#include "base/types.h"

enum watch {
	WATCH_NOT,
	WATCH_ATOMICS, /* a needed system library: functions with locked instructions only */
	WATCH_SYNCHRONISATION, /* its accesses order threads, but are never in a finding */
	WATCH_FULLY
};

enum watch modules_watched(const char *path, bool is_program);

#endif
