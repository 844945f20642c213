#define _GNU_SOURCE
#include "preload/real.h"

#include <dlfcn.h>

void *real_resolve(void **slot, const char *name, const char *version)
{
	void *found = version ? dlvsym(RTLD_NEXT, name, version) : dlsym(RTLD_NEXT, name);

	/* relaxed: every resolution yields the same. */
	store_relaxed(slot, found);
	return found;
}
