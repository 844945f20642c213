/*
 * Patching: a loaded module's code, planned, copied and led into the copy.
 */
#ifndef PRELOAD_PATCH_H
#define PRELOAD_PATCH_H

#include <link.h>

#include "base/types.h"
#include "detect/stack_depot.h"

/* Loads the decoder.  False if there is none on this system. */
bool patch_begin(void);

/* The calling thread's @stack runs through a signal handler: functions that it
 * has interrupted cannot be patched, nor their modules.  NULL: no more. */
void patch_spare(const struct stack *stack);

/*
 * Instruments @info's module.  Nobody may be running its code but the calling
 * thread, at calls.  With @is_silent its sites are never part of a finding.
 * False with *@why: it stays as it was.
 */
bool patch_module(const struct dl_phdr_info *info, bool is_silent, const char **why);

#endif
