/*
 * Patching: a loaded module's code, planned, copied and led into the copy.
 *
 * The plan (x86/plan.h) says what is to be written where; here its clone is put
 * within reach of the module, its sites and clones are made known, and its
 * patches are written into the module's pages, which are private from then on.
 * Rows come first and patches last, so that no code runs that is not known.
 */
#ifndef PRELOAD_INSTRUMENT_PATCH_H
#define PRELOAD_INSTRUMENT_PATCH_H

#include <link.h>

#include "base/types.h"
#include "detect/data/stack_depot.h"
#include "preload/code/modules_watched.h"

/* Loads the decoder.  False if there is none on this system. */
bool patch_begin(void);

/* The calling thread's @stack runs through a signal handler: functions that it
 * has interrupted cannot be patched, nor their modules.  NULL: no more. */
void patch_spare(const struct stack *stack);

/*
 * Instruments @info's module.  Nobody may be running its code but the calling
 * thread, at calls.  Unless it is to be watched fully, its sites are never part of
 * a finding.  False with *@why: it stays as it was.
 */
bool patch_module(const struct dl_phdr_info *info, enum watch watch, const char **why);

#endif
