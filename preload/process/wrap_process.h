/*
 * Processes: their forks, their ends, and what they become by exec.
 */
#ifndef PRELOAD_PROCESS_WRAP_PROCESS_H
#define PRELOAD_PROCESS_WRAP_PROCESS_H

#include "base/types.h"

/* Once, in the process that is observed: notes who it is, and registers what
 * runs around fork. */
void process_begin(void);

/* In a fork's child, with all locks of ours taken. */
void process_forked(void);

/* Are we in the process that is observed?  Else in a child that shares its
 * memory (vfork) or is a copy that nobody told us of: touch nothing. */
bool process_is_own(void);

/* The same, where the process may not be observed yet: are we in a child that
 * shares the memory of one that is? */
bool process_is_borrowed(void);

/*
 * The process ends as said (enum process_end): counts, judges what only an
 * orderly end shows, and records it.  False if another thread already does, or
 * if the process is not ours to end.
 */
bool process_end(uint32_t how, uint32_t status, bool is_orderly);

/* What process_end() began is over: for others who end it meanwhile. */
void process_ended(void);

/* From now on exit() and quick_exit() run a handler of ours.  To be called
 * before the program registers its own: the first registered runs last. */
void process_watch_exit(void);

/* The children of this process are not observed: --follow-children=no. */
bool process_hides_children(void);

#endif
