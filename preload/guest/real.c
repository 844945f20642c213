#define _GNU_SOURCE
#include "preload/guest/real.h"

#include <dlfcn.h>
#include <string.h>

/* The linker's, at both ends of the section. */
extern struct real_slot __start_snarl_real[] __attribute__((visibility("hidden")));
extern struct real_slot __stop_snarl_real[] __attribute__((visibility("hidden")));

static void *look_up(struct real_slot *slot)
{
	void *found = slot->version ? dlvsym(RTLD_NEXT, slot->name, slot->version)
				    : dlsym(RTLD_NEXT, slot->name);

	/* relaxed: every resolution yields the same. */
	store_relaxed(&slot->found, found);
	return found;
}

/*
 * dlsym begins by freeing what its last failure has left, and comes to our free,
 * whose needs must not be looked up then.  There is nothing left before the first
 * allocation, which is before any other of our wrappers is called.
 */
static void look_up_what_dlsym_needs(void)
{
	static bool is_done;

	if (LIKELY(load_relaxed(&is_done))) /* relaxed: twice does no harm. */
		return;
	store_relaxed(&is_done, true);
	for (struct real_slot *slot = __start_snarl_real; slot < __stop_snarl_real; slot++)
		if (strcmp(slot->name, "free") == 0 ||
		    strcmp(slot->name, "malloc_usable_size") == 0)
			look_up(slot);
}

void *real_resolve(struct real_slot *slot)
{
	look_up_what_dlsym_needs();
	return look_up(slot);
}

void real_prepare(void)
{
	look_up_what_dlsym_needs();
	for (struct real_slot *slot = __start_snarl_real; slot < __stop_snarl_real; slot++)
		if (!load_relaxed(&slot->found)) /* relaxed: see above. */
			look_up(slot);
	/* Of objects that come later. */
	(void)dlerror();
}
