/*
 * System libraries that synchronise threads for those that call them.
 *
 * Qt's and GLib's locks, shared pointers, message queues: what they order is
 * known only by their locked instructions.  So libraries are found here that an
 * observed module names as needed, and that have such instructions.
 */
#ifndef PRELOAD_CODE_MODULES_NEEDED_H
#define PRELOAD_CODE_MODULES_NEEDED_H

#include <link.h>

#include "base/types.h"

/* Forgets all. */
void modules_needed_begin(void);

/* Notes what @info's module needs. */
void modules_needed_note(const struct dl_phdr_info *info);

/* Has a module that was noted named the library @info? */
bool modules_are_needed(const struct dl_phdr_info *info);

/* May @info's code order threads by itself? */
bool modules_have_atomics(const struct dl_phdr_info *info);

/* Would planning it take seconds? */
bool modules_are_large(const struct dl_phdr_info *info);

#endif
