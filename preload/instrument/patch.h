/*
 * Patching: the code of a loaded module is planned, copied, and patched to jump
 * into the copy.
 *
 * The plan (x86/plan.h) says what has to be written where.  Here the clone is
 * placed within reach of the module, its sites and clones are registered, and
 * the patches are written into the module's pages, which become private.  The
 * patches come last, so that no clone runs that is not registered.
 */
#ifndef PRELOAD_INSTRUMENT_PATCH_H
#define PRELOAD_INSTRUMENT_PATCH_H

#include <link.h>

#include "base/types.h"
#include "detect/data/stack_depot.h"
#include "preload/code/modules_watched.h"

/* Loads the decoder.  False if there is none on this system. */
bool patch_begin(void);

/* The calling thread's @stack runs through a signal handler: modules whose
 * functions it has interrupted cannot be patched.  NULL: that is over. */
void patch_spare(const struct stack *stack);

/* Instruments @info's module.  No thread but the calling one may run its code,
 * and that one only at calls.  Unless it is watched fully, its sites are never
 * in a finding.  False with *@why: the module is unchanged. */
bool patch_module(const struct dl_phdr_info *info, enum watch watch, const char **why);

#endif
