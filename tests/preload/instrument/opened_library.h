/* Opening the libraries that lie beside a guest, as plug-ins are opened. */
#ifndef OPENED_LIBRARY_H
#define OPENED_LIBRARY_H

#include "../guest.h"

#include <dlfcn.h>

/* By a path that begins with @detour, which leads back to the root. */
static inline void *open_library_at(const char *detour, const char *name, int flags)
{
	static _Thread_local char path[4200];
	size_t before = strlen(detour);
	ssize_t length = readlink("/proc/self/exe", path + before, 4096);
	char *slash;
	void *library;

	CHECK(length > 0);
	memcpy(path, detour, before);
	path[before + (size_t)length] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash + 1, sizeof(path) - (size_t)(slash + 1 - path), "%s", name);
	library = dlopen(path, flags);
	if (!library)
		guest_fail(__FILE__, __LINE__, dlerror());
	return library;
}

static inline void *open_library(const char *name, int flags)
{
	return open_library_at("", name, flags);
}

/* @function, a pointer to a function, becomes what @library calls @name. */
static inline void find_function(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	CHECK(found != NULL);
	memcpy(function, &found, sizeof(found));
}

#endif
