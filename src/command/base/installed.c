#include "command/base/installed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *installed_own_directory(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	if (path)
		*strrchr(path, '/') = '\0';
	return path;
}

/* Its real path, if @directory and @file name one that can be read. */
static char *find_in(const char *directory, const char *file)
{
	char *path = NULL;
	char *real = NULL;

	if (!directory || asprintf(&path, "%s/%s", directory, file) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		real = realpath(path, NULL);
	free(path);
	return real;
}

char *installed_find(const char *built, const char *installed, const char *configured)
{
	char *own = installed_own_directory();
	char *path = find_in(own, built);

	if (!path)
		path = find_in(own, installed);
	if (!path)
		path = find_in("", configured);
	free(own);
	return path;
}
