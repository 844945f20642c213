#include "command/run/library.h"

#include <stdlib.h>
#include <string.h>

#include "command/base/installed.h"
#include "command/base/message.h"

#define LIBRARY_NAME "libsnarl.so"

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
	char *path = installed_find("preload/" LIBRARY_NAME, "../lib/snarl/" LIBRARY_NAME,
				    PKGLIBDIR "/" LIBRARY_NAME);
	char *own;

	if (path)
		return check_separators(path);
	own = installed_own_directory();
	command_warn("the guest library " LIBRARY_NAME " is missing (looked in %s/preload, "
		     "%s/../lib/snarl and " PKGLIBDIR ")",
		     own ? own : "?", own ? own : "?");
	free(own);
	return NULL;
}
