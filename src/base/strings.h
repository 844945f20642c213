/* Questions about strings. */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <string.h>

#include "base/types.h"

static inline bool string_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What follows the last slash of @path; all of it if there is none. */
static inline const char *path_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

#endif
