#define _GNU_SOURCE
#include "preload/guest/real.h"

#include <dlfcn.h>
#include <string.h>

/* Defined by the linker: the ends of the section. */
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
 * dlsym first frees the message of its last failure, by our free(): the
 * functions that free() calls must have been looked up before.  There is no
 * message before the first allocation, and that comes before any other wrapper
 * is called.
 */
static void look_up_for_free(void)
{
	static bool is_done;

	if (LIKELY(load_relaxed(&is_done))) /* relaxed: doing it twice is harmless. */
		return;
	store_relaxed(&is_done, true);
	for (struct real_slot *slot = __start_snarl_real; slot < __stop_snarl_real; slot++)
		if (strcmp(slot->name, "free") == 0 ||
		    strcmp(slot->name, "malloc_usable_size") == 0)
			look_up(slot);
}

void *real_resolve(struct real_slot *slot)
{
	look_up_for_free();
	return look_up(slot);
}

void real_prepare(void)
{
	look_up_for_free();
	for (struct real_slot *slot = __start_snarl_real; slot < __stop_snarl_real; slot++)
		if (!load_relaxed(&slot->found)) /* relaxed: see above. */
			look_up(slot);
	/* Functions of objects that are not loaded yet: drop the error message. */
	(void)dlerror();
}
