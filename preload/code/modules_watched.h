/*
 * Which modules' memory accesses are observed.
 *
 * The program always; its libraries unless they lie in the system's folders;
 * others by --modules.  --skip-modules takes out.  Never: the C library, the
 * loader, allocators, sanitizers, this library and what it uses.
 */
#ifndef PRELOAD_CODE_MODULES_WATCHED_H
#define PRELOAD_CODE_MODULES_WATCHED_H

#include "base/types.h"

enum watch {
	WATCH_NOT,
	WATCH_ATOMICS, /* of the system: functions with locked instructions, if it is needed */
	WATCH_SYNCHRONISATION, /* its atomics order others, but no finding is about it */
	WATCH_FULLY
};

enum watch modules_watched(const char *path, bool is_program);

#endif
