#include "command/run/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/base/message.h"

#define LIBRARY_NAME "libsnarl.so"

/* The directory of our own executable, allocated; NULL if not known. */
static char *find_own_directory(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	if (path)
		*strrchr(path, '/') = '\0';
	return path;
}

/* In this order: build tree, installed tree (which may have been moved), as configured. */
static char *make_candidate(int number, const char *own)
{
	char *path = NULL;
	int length = 0;

	switch (number) {
	case 0:
		length = asprintf(&path, "%s/preload/" LIBRARY_NAME, own);
		break;
	case 1:
		length = asprintf(&path, "%s/../lib/snarl/" LIBRARY_NAME, own);
		break;
	default:
		length = asprintf(&path, "%s/" LIBRARY_NAME, PKGLIBDIR);
	}
	return length < 0 ? NULL : path;
}

/* The loader splits LD_PRELOAD at these, and has no quotes. */
static char *check_separators(char *path)
{
	if (!path || !strpbrk(path, " :"))
		return path;
	command_warn("the guest library cannot be preloaded: a space or colon in its path %s",
		     path);
	free(path);
	return NULL;
}

char *library_find(void)
{
	char *own = find_own_directory();

	for (int i = own ? 0 : 2; i < 3; i++) {
		char *path = make_candidate(i, own);

		if (path && access(path, R_OK) == 0) {
			char *real = realpath(path, NULL);

			free(path);
			free(own);
			return check_separators(real);
		}
		free(path);
	}
	command_warn("the guest library " LIBRARY_NAME " is missing (looked in %s/preload, "
		     "%s/../lib/snarl and " PKGLIBDIR ")",
		     own ? own : "?", own ? own : "?");
	free(own);
	return NULL;
}
