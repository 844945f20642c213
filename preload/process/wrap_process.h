/* What wrappers of forks and ends offer to others. */
#ifndef PRELOAD_PROCESS_WRAP_PROCESS_H
#define PRELOAD_PROCESS_WRAP_PROCESS_H

#include "base/types.h"

/* Registers our handlers of exit() and quick_exit().  To be called before the
 * program registers its own: the first one that is registered runs last. */
void process_watch_exit(void);

/* Are children of this process not observed (--follow-children=no)? */
bool process_hides_children(void);

#endif
