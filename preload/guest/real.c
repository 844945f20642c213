#define _GNU_SOURCE
#include "preload/guest/real.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "preload/guest/modules.h"

/* Defined by the linker: the ends of the section. */
extern struct real_slot __start_snarl_real[] __attribute__((visibility("hidden")));
extern struct real_slot __stop_snarl_real[] __attribute__((visibility("hidden")));

/* By glibc's oldest version of it, which all have. */
static __typeof__(&dlsym) real_dlsym(void)
{
	return REAL_VERSION(dlsym, "GLIBC_2.2.5");
}

/* Not by dlsym(), which is wrapped. */
static void *look_up_in(void *handle, const struct real_slot *slot)
{
	return slot->version ? dlvsym(handle, slot->name, slot->version)
			     : real_dlsym()(handle, slot->name);
}

static void *look_up(struct real_slot *slot)
{
	void *found = look_up_in(RTLD_NEXT, slot);

	/* relaxed: every resolution yields the same. */
	store_relaxed(&slot->found, found);
	return found;
}

/* The path of the module that the loader lists at @index. */
struct listed_path {
	size_t index;
	char path[1024]; /* empty if it has none, or a longer one */
};

static int copy_path(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	struct listed_path *listed = context;
	size_t length = strlen(info->dlpi_name);

	(void)size_bytes;
	if (listed->index-- > 0)
		return 0;
	if (length >= sizeof(listed->path) || !strchr(info->dlpi_name, '/'))
		length = 0;
	memcpy(listed->path, info->dlpi_name, length);
	listed->path[length] = '\0';
	return 1;
}

static void *open_module(const char *path)
{
	return *path ? REAL(dlopen)(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
}

static void close_module(void *handle)
{
	if (handle)
		REAL(dlclose)(handle);
}

/* In modules that dlopen has brought for their own use alone.  The one that has the function stays
 * loaded from now on. */
static void *look_up_everywhere(struct real_slot *slot)
{
	struct listed_path listed;

	for (size_t i = 0; listed.index = i, dl_iterate_phdr(copy_path, &listed); i++) {
		void *handle = open_module(listed.path);
		void *found = handle ? look_up_in(handle, slot) : NULL;

		if (found && !modules_is_own((uintptr_t)found)) {
			store_relaxed(&slot->found, found); /* relaxed: as above. */
			return found;
		}
		close_module(handle);
	}
	return NULL;
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
	void *found;

	look_up_for_free();
	found = look_up(slot);
	if (!found) {
		found = look_up_everywhere(slot);
		(void)dlerror();
	}
	return found;
}

void real_prepare(void)
{
	look_up_for_free();
	for (struct real_slot *slot = __start_snarl_real; slot < __stop_snarl_real; slot++)
		if (!slot->is_late && !load_relaxed(&slot->found)) /* relaxed: see above. */
			look_up(slot);
	/* Functions of objects that are not loaded yet: drop the error message. */
	(void)dlerror();
}

/* --- Of the program ------------------------------------------------------------------ */

void *real_dlsym_found;

void real_dlsym_resolve(void)
{
	real_dlsym_found = (void *)real_dlsym();
}

static bool is_of_threads(const char *name)
{
	return strncmp(name, "pthread_", 8) == 0 || strncmp(name, "sem_", 4) == 0;
}

/*
 * Who loads the C library, or what is left of libpthread, to find the functions of threads and
 * their locks there, gets ours.  Programs of languages that link these only if they have threads
 * do so (Free Pascal), and none of their calls would be seen.
 */
void *real_look_up_in(void *handle, const char *name)
{
	void *found = real_dlsym()(handle, name);
	void *next, *ours;

	if (!found || !is_of_threads(name))
		return found;
	next = real_dlsym()(RTLD_NEXT, name);
	if (!next)
		(void)dlerror(); /* the program's call has not failed */
	/* A library may have another function of that name. */
	if (next != found)
		return found;
	ours = real_dlsym()(RTLD_DEFAULT, name);
	return modules_is_own((uintptr_t)ours) ? ours : found;
}
