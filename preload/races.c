#define _GNU_SOURCE
#include "preload/races.h"

#include <link.h>
#include <string.h>

#include "base/kernel.h"
#include "detect/shadow.h"
#include "preload/access.h"
#include "preload/clones.h"
#include "preload/heap.h"
#include "preload/imports.h"
#include "preload/modules.h"
#include "preload/modules_watched.h"
#include "preload/near.h"
#include "preload/outside.h"
#include "preload/patch.h"
#include "preload/rendezvous.h"
#include "preload/sink.h"
#include "preload/text.h"

#define PATH_BYTES 4096

bool races_are_observed;
bool races_are_pending = true;

/* The loader does not tell us of new modules. */
static bool is_deaf;

/* --- What we say ------------------------------------------------------------ */

static void say_about(const char *path, const char *why)
{
	char line[PATH_BYTES + 256];
	struct text text = text_begin(line, sizeof(line));

	text_add(&text, "memory accesses in ");
	text_add(&text, path);
	text_add(&text, " are not observed: ");
	text_add(&text, why);
	sink_text(line);
}

static void give_up(const char *why)
{
	char line[256];
	struct text text = text_begin(line, sizeof(line));

	text_add(&text, "data races are not looked for: ");
	text_add(&text, why);
	sink_text(line);
	detector_count(&guest_detector, LOST_MODULES);
	heap_stop();
}

/* --- Modules ---------------------------------------------------------------- */

static const char *program_path(void)
{
	static char path[PATH_BYTES];
	long length = kernel_call4(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", path,
				   sizeof(path) - 1);

	path[length > 0 ? length : 0] = '\0';
	return path;
}

static void find_extent(const struct dl_phdr_info *info, uintptr_t *start, uintptr_t *end)
{
	*start = UINTPTR_MAX;
	*end = 0;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD)
			continue;
		if (at < *start)
			*start = at;
		if (at + segment->p_memsz > *end)
			*end = at + segment->p_memsz;
	}
}

static struct clone_region *find_region(uintptr_t module_start)
{
	struct clone_region *region;

	for (uint32_t i = 0; (region = clones_at(i)); i++)
		if (region->start && region->module_start == module_start)
			return region;
	return NULL;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	bool is_program = !info->dlpi_name || !*info->dlpi_name;
	const char *path = is_program ? program_path() : info->dlpi_name;
	enum watch watch = modules_watched(path, is_program);
	const char *why = "";
	uintptr_t start, end;

	(void)size;
	(void)context;
	find_extent(info, &start, &end);
	if (watch == WATCH_NOT || find_region(start))
		return 0;
	if (!patch_module(info, watch == WATCH_SYNCHRONISATION, &why)) {
		detector_count(&guest_detector, LOST_MODULES);
		say_about(path, why);
	}
	return 0;
}

/* --- Imports ---------------------------------------------------------------- */

static int redirect_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct clone_region *region;
	uintptr_t start, end;

	(void)size;
	(void)context;
	find_extent(info, &start, &end);
	region = find_region(start);
	if (!region || region->has_imports)
		return 0;
	region->has_imports = true;
	imports_redirect(info);
	return 0;
}

/* --- Modules that come and go ------------------------------------------------ */

struct presence {
	uintptr_t start;
	bool is_there;
};

static int note_presence(struct dl_phdr_info *info, size_t size, void *context)
{
	struct presence *presence = context;
	uintptr_t start, end;

	(void)size;
	find_extent(info, &start, &end);
	presence->is_there |= start == presence->start;
	return presence->is_there;
}

/* Clones of modules that are gone. */
static void release_clones(void)
{
	struct clone_region *region;

	for (uint32_t i = 0; (region = clones_at(i)); i++) {
		struct presence presence = {.start = region->module_start};
		uintptr_t start = region->start;

		if (!start)
			continue;
		dl_iterate_phdr(note_presence, &presence);
		if (presence.is_there)
			continue;
		region->start = 0;
		fence_signal();
		near_free((void *)start, region->end - start);
		region->end = 0;
	}
}

void races_modules_changed(void)
{
	if (!races_are_observed)
		return;
	release_clones();
	modules_refresh();
	dl_iterate_phdr(add_module, NULL);
	sink_update_counters(&guest_detector);
}

/* --- The beginning ------------------------------------------------------------ */

/* Everything that must be there.  NULL, or why it is not. */
static const char *prepare(void)
{
	if (outside_thread_count() != 1)
		return "the program has threads that this library did not see begin";
	if (!shadow_reserve(false))
		return "the system refuses address space for it (ulimit -v?)";
	if (!patch_begin())
		return "libZydis.so.4.0 cannot be loaded";
	return NULL;
}

void races_begin_slowly(struct guest_thread *self)
{
	const char *why;

	races_are_pending = false;
	if (guest_options.races == RACES_OFF)
		return;
	why = prepare();
	if (why) {
		give_up(why);
		return;
	}
	races_are_observed = true;
	heap_observe();
	guest_begin_accesses(self);
	dl_iterate_phdr(add_module, NULL);
	dl_iterate_phdr(redirect_module, NULL);
	is_deaf = !rendezvous_watch();
	sink_update_counters(&guest_detector);
}
