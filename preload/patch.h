/*
 * Patching: a loaded module's code, planned, copied and led into the copy.
 */
#ifndef PRELOAD_PATCH_H
#define PRELOAD_PATCH_H

#include <link.h>

#include "base/types.h"

/* Loads the decoder.  False if there is none on this system. */
bool patch_begin(void);

/*
 * Instruments @info's module.  Nobody may be running its code but the calling
 * thread, at calls.  With @is_silent its sites are never part of a finding.
 * False with *@why: it stays as it was.
 */
bool patch_module(const struct dl_phdr_info *info, bool is_silent, const char **why);

#endif
