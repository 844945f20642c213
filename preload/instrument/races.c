#define _GNU_SOURCE
#include "preload/instrument/races.h"

#include <link.h>

#include "base/kernel.h"
#include "detect/race/access.h"
#include "detect/shadow/shadow.h"
#include "preload/access/access.h"
#include "preload/code/clones.h"
#include "preload/code/copies.h"
#include "preload/debugger/debugger.h"
#include "preload/heap/heap.h"
#include "preload/heap/operators.h"
#include "preload/ranges/imports.h"
#include "preload/guest/modules.h"
#include "preload/code/modules_needed.h"
#include "preload/code/modules_watched.h"
#include "preload/code/near.h"
#include "preload/outside/outside.h"
#include "preload/instrument/patch.h"
#include "preload/instrument/rendezvous.h"
#include "preload/signals/signals.h"
#include "preload/results/sink.h"
#include "preload/guest/text.h"

#define PATH_BYTES 4096
#define FAILED_KEPT 64u

bool races_are_pending = true;

/* The counter tells that there are such modules; --verbose tells which ones. */
static void report_unobserved(const char *path, const char *why)
{
	static char line[PATH_BYTES + 256];
	struct text text = text_begin(line, sizeof(line));

	if (!guest_options.verbose)
		return;
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

static const char *program_path(void)
{
	static char path[PATH_BYTES];
	long length = kernel_call4(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", path,
				   sizeof(path) - 1);

	path[length > 0 ? length : 0] = '\0';
	return path;
}

/* Modules that could not be instrumented, and are not tried again. */
static uintptr_t failed[FAILED_KEPT];
static unsigned int failed_count;

static bool has_failed(uintptr_t module_start)
{
	for (unsigned int i = 0; i < FAILED_KEPT; i++)
		if (failed[i] == module_start)
			return true;
	return false;
}

static void note_failed(uintptr_t module_start)
{
	failed[failed_count++ % FAILED_KEPT] = module_start;
}

static enum watch watch_of(const struct dl_phdr_info *info, const char **path)
{
	bool is_program = !info->dlpi_name || !*info->dlpi_name;

	*path = is_program ? program_path() : info->dlpi_name;
	/* This library may have any name. */
	return copies_is_one(info) ? WATCH_NOT : modules_watched(*path, is_program);
}

/* Modules come in the order in which they were loaded, so who needs one comes first. */
static int note_needed(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *path;
	enum watch watch = watch_of(info, &path);

	(void)size;
	(void)context;
	if (watch == WATCH_FULLY || (watch == WATCH_ATOMICS && modules_are_needed(info) &&
				     modules_are_small(info)))
		modules_needed_note(info);
	return 0;
}

static bool watch_module(const struct dl_phdr_info *info, enum watch watch, const char **why)
{
	*why = "it is large, and observed only if --modules says so";
	return !(watch == WATCH_ATOMICS && modules_are_large(info)) &&
	       patch_module(info, watch, why);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *path;
	enum watch watch = watch_of(info, &path);
	struct clone_region region;
	const char *why = "";

	(void)size;
	(void)context;
	clones_describe(&region, info);
	if (watch == WATCH_NOT || clones_of_module(region.module_start) ||
	    has_failed(region.module_start) ||
	    (watch == WATCH_ATOMICS && !(modules_are_needed(info) && modules_have_atomics(info))))
		return 0;
	if (!watch_module(info, watch, &why)) {
		note_failed(region.module_start);
		detector_count(&guest_detector, LOST_MODULES);
		if (modules_have_atomics(info))
			guest_detector.has_unseen_order = true;
		report_unobserved(path, why);
	}
	return 0;
}

static void add_modules(void)
{
	modules_needed_begin();
	dl_iterate_phdr(note_needed, NULL);
	dl_iterate_phdr(add_module, NULL);
}

/* Is the module at 'start' still loaded? */
struct presence {
	uintptr_t start;
	bool is_there;
};

static int note_presence(struct dl_phdr_info *info, size_t size, void *context)
{
	struct presence *presence = context;
	struct clone_region region;

	(void)size;
	clones_describe(&region, info);
	presence->is_there |= region.module_start == presence->start;
	return presence->is_there;
}

/* Unmaps the clones of modules that were unloaded. */
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
		debugger_remove(start);
		near_free((void *)start, region->end - start);
		region->end = 0;
	}
}

/* The variables of @module begin their lives. */
static void begin_memory(void *context, const struct module *module)
{
	access_memory_begins(&guest_detector, context, module->start, module->end - module->start);
}

void races_modules_changed(struct guest_thread *self)
{
	uint32_t generation = guest_code_generation + 1;
	struct clone_region *region;

	if (!guest_observes_memory)
		return;
	release_clones();
	modules_refresh();
	modules_each_since(generation, begin_memory, self->thread);
	add_modules();
	for (uint32_t i = 0; (region = clones_at(i)); i++)
		if (region->start && !region->is_silent && !load_relaxed(&region->is_redirected))
			imports_await(region);
	sink_update_counters(&guest_detector);
}

/* Prepares all that is needed.  Returns NULL, or why that failed. */
static const char *prepare_observation(void)
{
	if (outside_thread_count() != 1)
		return "the program has threads that this library did not see begin";
	if (!shadow_reserve(false))
		return "the system refuses address space for it (ulimit -v?)";
	if (!patch_begin())
		return "libZydis.so.4.0 cannot be loaded";
	return NULL;
}

/* If the calling thread is in a signal handler, the functions that the signal
 * interrupted must not be patched. */
static void spare_interrupted(struct guest_thread *self, const struct unwind_start *start)
{
	stack_id stack = guest_stack(self, start);

	if (stack & STACK_ID_IN_HANDLER)
		patch_spare(stack_depot_get(&guest_detector.stacks, stack));
}

static void force_shadow(void)
{
	if (guest_options.force == FORCE_RUNS)
		guest_detector.run_least = 1;
	else if (guest_options.force == FORCE_NO_RUNS)
		guest_detector.run_least = UINT32_MAX;
	if (guest_options.force == FORCE_LINES)
		guest_detector.lines_after = 1;
	else if (guest_options.force == FORCE_NO_LINES)
		guest_detector.lines_after = UINT32_MAX;
}

void races_begin_slowly(struct guest_thread *self, const struct unwind_start *start)
{
	const char *why;

	races_are_pending = false;
	signals_take_over();
	if (guest_options.races == RACES_OFF)
		return;
	why = prepare_observation();
	if (why) {
		give_up(why);
		return;
	}
	force_shadow();
	guest_observes_memory = true;
	heap_observe();
	spare_interrupted(self, start);
	add_modules();
	patch_spare(NULL);
	for (uint32_t i = 0; clones_at(i); i++)
		if (!clones_at(i)->is_silent || operators_are_looked_for())
			imports_redirect(clones_at(i));
	if (!rendezvous_watch())
		report_unobserved("modules that dlopen brings", "the loader is not as expected");
	sink_update_counters(&guest_detector);
}
