#include "reports/filter/pattern.h"

#include <string.h>

/* Only the last * is ever tried again: what one before it matched may stay. */
bool pattern_matches(const char *pattern, const char *name)
{
	const char *star = NULL;
	const char *tried = name;

	if (!name)
		return false;
	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			tried = name;
		} else if (*pattern == *name || *pattern == '?') {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++tried;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool pattern_matches_path(const char *pattern, const char *path)
{
	while (path && !pattern_matches(pattern, path)) {
		path = strchr(path, '/');
		path += path != NULL;
	}
	return path != NULL;
}
