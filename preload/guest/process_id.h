/*
 * Whose memory we run in: a child of vfork() shares it with the observed process.
 */
#ifndef PRELOAD_GUEST_PROCESS_ID_H
#define PRELOAD_GUEST_PROCESS_ID_H

#include "base/types.h"

/* The calling process is the observed one: at the beginning, and in a fork's child. */
void process_id_note(void);

/* Are we in the process that is observed?  Else in a child that shares its
 * memory (vfork), or in a copy made unseen: touch nothing. */
bool process_is_own(void);

/* The same, where the process may not be observed yet: are we in a child that
 * shares the memory of one that is? */
bool process_is_borrowed(void);

#endif
