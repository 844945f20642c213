/*
 * Imports of instrumented modules: calls of libc functions that touch ranges of
 * memory are led to our wrappers, by the modules' own tables of addresses (GOT).
 * Other modules keep calling libc.
 */
#ifndef PRELOAD_IMPORTS_H
#define PRELOAD_IMPORTS_H

#include <link.h>

#include "base/types.h"

/* Redirects what @info's module imports.  It must have been relocated. */
void imports_redirect(const struct dl_phdr_info *info);

#endif
