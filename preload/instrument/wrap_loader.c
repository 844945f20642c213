/*
 * dlclose: modules are noted before they are unloaded, so that stacks with
 * their code can be symbolised.
 *
 * dlopen is not wrapped, as the loader searches by the paths of its caller,
 * which would be the wrapper.  New modules are noted when a stack contains
 * them.
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
