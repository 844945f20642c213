#define _GNU_SOURCE
#include "preload/instrument/patch.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "preload/access/access.h"
#include "preload/code/call_site.h"
#include "preload/code/clones.h"
#include "preload/debugger/debugger.h"
#include "preload/debugger/function_names.h"
#include "preload/guest/modules.h"
#include "preload/instrument/kept_plans.h"
#include "preload/instrument/planned_sites.h"
#include "preload/code/near.h"
#include "preload/debugger/perf_map.h"
#include "preload/results/sink.h"
#include "x86/decode/decode.h"
#include "x86/survey/function.h"
#include "elf/image.h"
#include "elf/mapped_file.h"
#include "x86/plan.h"

#define PAGE 4096ul

/* If more than one in so many of a module's atomics is in functions that are
 * not copied, the verdicts on races are lowered. */
#define UNSEEN_PART 64u

/* A module that is being patched. */
struct patching {
	struct clone_region region;
	uint32_t text_bytes;
	void *clone; /* writable until it is sealed */
	size_t clone_bytes;
	site_id first_site;
	struct mapped_file file; /* its own, if that is what is planned */
};

static struct decoder decoder;

/* --- Memory of a plan: released when the plan has been applied ------------------ */

struct plan_block {
	struct plan_block *next;
	size_t size_bytes;
};

static struct plan_block *plan_blocks;

static void *plan_pages(size_t size_bytes)
{
	struct plan_block *block = pages_from_kernel(size_bytes + PAGE);

	if (!block)
		return NULL;
	block->next = plan_blocks;
	block->size_bytes = size_bytes + PAGE;
	plan_blocks = block;
	return (char *)block + PAGE;
}

static void release_plan_pages(void)
{
	while (plan_blocks) {
		struct plan_block *block = plan_blocks;

		plan_blocks = block->next;
		kernel_call2(SYS_munmap, block, block->size_bytes);
	}
}

/* --- The decoder ----------------------------------------------------------------- */

bool patch_begin(void)
{
	void *library = dlopen("libZydis.so.4.0", RTLD_NOW | RTLD_LOCAL);
	void *init = library ? dlsym(library, "ZydisDecoderInit") : NULL;
	void *get_version = library ? dlsym(library, "ZydisGetVersion") : NULL;
	void *decode_full = library ? dlsym(library, "ZydisDecoderDecodeFull") : NULL;

	/* The program must not see our errors. */
	(void)dlerror();
	modules_refresh();
	return init && decode_full && get_version &&
	       decoder_init(&decoder, init, decode_full, get_version);
}

/* --- Callbacks of the planner -------------------------------------------------- */

static void *place_clone(void *context, size_t size_bytes, uint64_t *address)
{
	struct patching *patching = context;

	/* There is one if a plan that was kept does not fit. */
	if (patching->clone)
		near_free(patching->clone, patching->clone_bytes);
	patching->clone = near_allocate(size_bytes, patching->region.module_start,
					patching->region.module_end, *address);
	patching->clone_bytes = size_bytes;
	*address = (uintptr_t)patching->clone;
	return patching->clone;
}

static site_number reserve_sites(void *context, uint32_t count)
{
	struct patching *patching = context;

	runtime_lock(&call_sites_lock);
	patching->first_site = site_table_reserve(&guest_detector.sites, count);
	runtime_unlock(&call_sites_lock);
	return patching->first_site;
}

/* --- Applying a plan ----------------------------------------------------------- */

static bool protect_text(const struct patching *patching, const struct plan *plan, int protection)
{
	uintptr_t first = UINTPTR_MAX;
	uintptr_t last = 0;

	for (uint32_t i = 0; i < plan->patch_count; i++) {
		uintptr_t start = patching->region.text + plan->patches[i].offset;

		if (start < first)
			first = start;
		if (start + plan->patches[i].length > last)
			last = start + plan->patches[i].length;
	}
	if (last == 0)
		return true;
	first &= ~(PAGE - 1);
	last = (last + PAGE - 1) & ~(PAGE - 1);
	return kernel_call3(SYS_mprotect, first, last - first, protection) == 0;
}

static void write_patches(const struct patching *patching, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->patch_count; i++)
		memcpy((void *)(patching->region.text + plan->patches[i].offset),
		       plan->patches[i].bytes, plan->patches[i].length);
}

/* Signals are blocked: a handler must not run code in pages that are writable. */
static bool write_text(const struct patching *patching, const struct plan *plan)
{
	uint64_t signals = signals_block();
	bool is_writable = protect_text(patching, plan, PROT_READ | PROT_WRITE);

	if (is_writable) {
		write_patches(patching, plan);
		protect_text(patching, plan, PROT_READ | PROT_EXEC);
	}
	signals_restore(signals);
	return is_writable;
}

/* The stack of the calling thread if it is in a handler, else NULL. */
static const struct stack *spared;

void patch_spare(const struct stack *stack)
{
	spared = stack;
}

/* May a thread go on at @offset of the original code?  Behind a call it meets
 * an entry; elsewhere it could run into bytes that are patched. */
static bool may_go_on_at(const struct plan *plan, uint32_t offset)
{
	const struct function *function = plan_function_at(plan, offset);
	uint32_t index;

	if (!function || !function->patch_count)
		return true;
	index = function_find(function, offset);
	if (index == UINT32_MAX || index == 0)
		return false;
	return instruction_is_call(&function->instructions[index - 1]);
}

/* Has a handler interrupted it? */
static bool is_interrupted(const struct patching *patching)
{
	for (uint32_t i = 0; spared && i < spared->frame_count; i++)
		if (stack_frame(spared, i) - patching->region.text < patching->text_bytes)
			return true;
	return false;
}

static bool may_be_patched(const struct patching *patching, const struct plan *plan)
{
	for (uint32_t i = 0; spared && i < spared->frame_count; i++) {
		uintptr_t offset = stack_frame(spared, i) - patching->region.text;

		if (offset < patching->text_bytes && !may_go_on_at(plan, (uint32_t)offset))
			return false;
	}
	return true;
}

static bool apply_plan(struct patching *patching, struct plan *plan, uint32_t flags,
		      const char **why)
{
	struct clone_region *region = &patching->region;

	*why = "a signal handler that makes a thread has interrupted it";
	if (!may_be_patched(patching, plan))
		return false;
	*why = "no memory for planning";
	if (!planned_sites_add(plan, patching->first_site, patching->region.text, flags))
		return false;
	region->start = plan->clone_address;
	region->end = plan->clone_address + plan->clone_bytes;
	region->states = plan->states;
	*why = "the system does not let code be made";
	if (!near_seal(patching->clone, patching->clone_bytes))
		return false;
	*why = "too many modules";
	if (!clones_add(region))
		return false;
	*why = "the system does not let code be changed";
	if (write_text(patching, plan))
		return true;
	clones_take_back();
	/* Do not free them: a signal handler may be reading them. */
	plan->states = (struct plan_states){.count = 0};
	return false;
}

static void count_sites(const struct plan_statistics *statistics)
{
	uint64_t *counters = guest_detector.counters;

	counters[COUNTER_ACCESS_SITES] += statistics->accesses;
	counters[COUNTER_ACCESS_SITES_CHECKED] += statistics->checked;
	counters[COUNTER_LOST_NATIVE_ENTRIES] += statistics->entries_unpatched;
}

/* Tells debuggers and profilers about the clones, if options say so. */
static void name_clones(const struct patching *patching, const struct image *image,
			const struct plan *plan)
{
	const char *path = *image->name ? image->name : "/proc/self/exe";
	struct function_names names;

	if (!plan->clone_bytes || !(guest_options.debugger || guest_options.perf_map))
		return;
	function_names_read(&names, path, &patching->region, image, plan);
	if (guest_options.debugger)
		debugger_add(&patching->region, plan, &names);
	if (guest_options.perf_map && !perf_map_add(&patching->region, plan, &names))
		sink_text("the map for perf in /tmp cannot be written");
	function_names_free(&names);
}

/* Kept plans know no functions, and are only of what everybody reads in the module alike:
 * not of words in memory that may be pointers. */
static bool needs_functions(const struct patching *patching, const struct image *image)
{
	return guest_options.debugger || guest_options.perf_map || is_interrupted(patching) ||
	       (image->is_fixed && !patching->file.bytes);
}

/* Ranges are recorded two words at once, which the first x86-64 processors could not do.
 * They are asked once: each question takes 4 us in a virtual machine. */
static enum plan_force wanted_force(void)
{
	static bool is_known, has_pairs; /* planning is serialised */

	if (!is_known)
		has_pairs = arch_has_pairs();
	is_known = true;
	return has_pairs ? (enum plan_force)force_of_plans(guest_options.force)
			 : PLAN_FORCE_NO_RANGES;
}

/* Plans @image and applies the plan, whose memory the caller releases. */
static bool plan_and_patch(struct patching *patching, const struct image *image,
			   enum watch watch, const char **why)
{
	struct plan_options options = {
		.current_tls = access_current_tls(),
		.shared_tls = access_shared_tls(),
		.ahead_tls = access_ahead_tls(),
		.reserve = reserve_sites,
		.place = place_clone,
		.places_pages = true,
		.context = patching,
		.forget_targets = guest_options.forget_targets,
		.force = wanted_force(),
		.only_atomics = watch == WATCH_ATOMICS,
	};
	struct arena arena;
	struct plan *plan;
	bool is_done;

	access_thunks(&options.thunks);
	arena_init(&arena, plan_pages);
	plan = kept_plans_get(&decoder, image, &options, needs_functions(patching, image), &arena,
			      why);
	if (!plan)
		return false;
	patching->region.is_silent = watch != WATCH_FULLY;
	is_done = apply_plan(patching, plan, watch == WATCH_FULLY ? 0 : SITE_SILENT, why);
	if (is_done) {
		if (watch == WATCH_FULLY)
			count_sites(&plan->statistics);
		if (plan->statistics.atomics_native > plan->statistics.atomics / UNSEEN_PART)
			guest_detector.has_unseen_order = true;
		name_clones(patching, image, plan);
		/* They belong to the region now. */
		plan->states = (struct plan_states){.count = 0};
	}
	plan_free(plan);
	return is_done;
}

/* In a program for a fixed address each word of the data may be a pointer.  Its file has
 * those that count, and is the same in each run. */
static void look_at_file(struct patching *patching, struct image *image,
			 const struct dl_phdr_info *info)
{
	struct elf_file elf;
	const char *why;

	if (!image->is_fixed || mapped_file_open(&patching->file, "/proc/self/exe") != 0)
		return;
	if (elf_file_open(&elf, patching->file.bytes, patching->file.size_bytes, &why) &&
	    elf_file_has_segments(&elf, info->dlpi_phdr, info->dlpi_phnum) &&
	    image_from_file(image, info->dlpi_name, &elf, &why))
		return;
	mapped_file_close(&patching->file);
	image_from_memory(image, info->dlpi_name, info->dlpi_phdr, info->dlpi_phnum,
			  info->dlpi_addr, &why);
}

/* Does the loader change its code? */
static bool has_text_relocations(const struct image *image)
{
	Elf64_Dyn entry;

	for (uint64_t i = 0; image_dynamic(image, i, &entry); i++)
		if (entry.d_tag == DT_TEXTREL ||
		    (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL)))
			return true;
	return false;
}

bool patch_module(const struct dl_phdr_info *info, enum watch watch, const char **why)
{
	static struct image image; /* large for a stack; planning is serialised */
	struct patching patching = {0};
	bool is_done = false;

	clones_describe(&patching.region, info);
	if (image_from_memory(&image, info->dlpi_name, info->dlpi_phdr, info->dlpi_phnum,
			      info->dlpi_addr, why)) {
		look_at_file(&patching, &image, info);
		patching.region.text = image.text_address;
		patching.text_bytes = image.text_bytes;
		*why = "it has relocations in its code";
		is_done = !has_text_relocations(&image) &&
			  plan_and_patch(&patching, &image, watch, why);
	}
	if (!is_done && patching.clone)
		near_free(patching.clone, patching.clone_bytes);
	release_plan_pages();
	mapped_file_close(&patching.file);
	return is_done;
}
