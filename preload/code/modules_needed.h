/*
 * System libraries that synchronise threads for those that call them.
 *
 * Locks, shared pointers and message queues of Qt and GLib order threads by
 * locked instructions of their own.  This finds the libraries that an observed
 * module names as needed (DT_NEEDED) and that have such instructions.  What a small one of
 * them needs counts as needed, too: some libraries are made of many small ones.
 */
#ifndef PRELOAD_CODE_MODULES_NEEDED_H
#define PRELOAD_CODE_MODULES_NEEDED_H

#include <link.h>

#include "base/types.h"

/* Forgets all. */
void modules_needed_begin(void);

/* Notes what @info's module needs. */
void modules_needed_note(const struct dl_phdr_info *info);

/* Does a noted module need the library @info? */
bool modules_are_needed(const struct dl_phdr_info *info);

/* Does @info's code have locked instructions? */
bool modules_have_atomics(const struct dl_phdr_info *info);

/* Would planning @info's module take seconds? */
bool modules_are_large(const struct dl_phdr_info *info);

/* Is all of its code planned in no time? */
bool modules_are_small(const struct dl_phdr_info *info);

#endif
