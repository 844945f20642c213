/* Opening the libraries that lie beside a guest, as plug-ins are opened. */
#ifndef OPENED_LIBRARY_H
#define OPENED_LIBRARY_H

#include "../guest.h"

#include <dlfcn.h>

static inline void *open_library(const char *name, int flags)
{
	static _Thread_local char path[4200];
	ssize_t length = readlink("/proc/self/exe", path, 4096);
	char *slash;
	void *library;

	CHECK(length > 0);
	path[length] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash + 1, sizeof(path) - (size_t)(slash + 1 - path), "%s", name);
	library = dlopen(path, flags);
	if (!library)
		guest_fail(__FILE__, __LINE__, dlerror());
	return library;
}

/* @function, a pointer to a function, becomes what @library calls @name. */
static inline void find_function(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	CHECK(found != NULL);
	memcpy(function, &found, sizeof(found));
}

#endif
