/*
 * Whose memory we run in: a child of vfork() shares it with the observed
 * process.
 */
#ifndef PRELOAD_GUEST_PROCESS_ID_H
#define PRELOAD_GUEST_PROCESS_ID_H

#include "base/types.h"

/* The calling process is the observed one.  Called at the beginning, and in the
 * child of a fork. */
void process_id_note(void);

/* Are we in the observed process?  If not, we are in a child that shares its
 * memory (vfork), or in the child of a fork that we did not see: change
 * nothing. */
bool process_is_own(void);

/* Are we in a child that shares the memory of the observed process?  False if
 * observation has not begun. */
bool process_is_borrowed(void);

#endif
