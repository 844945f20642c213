/*
 * Patterns for names: * stands for any text, ? for any one character, and a pattern is
 * compared with the whole name.
 */
#ifndef REPORTS_FILTER_PATTERN_H
#define REPORTS_FILTER_PATTERN_H

#include "base/types.h"

/* A @name of NULL matches nothing. */
bool pattern_matches(const char *pattern, const char *name);

/* The path, or what stands behind one of its slashes. */
bool pattern_matches_path(const char *pattern, const char *path);

#endif
