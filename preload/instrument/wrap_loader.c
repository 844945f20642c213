/*
 * Code that is unloaded: stacks that were taken in it keep their meaning.
 *
 * dlopen is not wrapped: the loader searches by its caller's own paths, which
 * a wrapper would hide.  What it brings is found when a stack speaks of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/modules.h"
#include "preload/guest/real.h"

EXPORT int dlclose(void *handle)
{
	struct guest_thread *self = guest_enter();
	int result;

	if (self) {
		modules_refresh();
		guest_leave(self);
	}
	result = REAL(dlclose)(handle);
	self = self ? guest_enter() : NULL;
	if (self) {
		modules_refresh();
		guest_leave(self);
	}
	return result;
}
