/*
 * What wrappers of forks and ends offer to others.
 */
#ifndef PRELOAD_PROCESS_WRAP_PROCESS_H
#define PRELOAD_PROCESS_WRAP_PROCESS_H

#include "base/types.h"

/* From now on exit() and quick_exit() run a handler of ours.  To be called
 * before the program registers its own: the first registered runs last. */
void process_watch_exit(void);

/* The children of this process are not observed: --follow-children=no. */
bool process_hides_children(void);

#endif
