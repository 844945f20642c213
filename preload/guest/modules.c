#define _GNU_SOURCE
#include "preload/guest/modules.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "base/arena.h"
#include "base/kernel.h"
#include "base/runtime_lock.h"
#include "elf/image.h"
#include "preload/guest/guest.h"

#define MODULE_MAX 4096u
#define PATH_BYTES 4096

static struct module *table; /* MODULE_MAX of them, mapped when first needed */
static uint32_t module_count;
static struct arena arena;
struct runtime_lock modules_lock LOCKED_AROUND_FORKS;

static const char *copy_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(&arena, size);

	return copy ? memcpy(copy, text, size) : "";
}

/* @name from the working directory, where the loader has just found it. */
static const char *make_absolute(const char *name)
{
	static char path[PATH_BYTES];
	long length = kernel_call2(SYS_getcwd, path, sizeof(path) / 2); /* counts the zero */
	size_t name_bytes = strlen(name) + 1;

	if (length <= 0 || path[0] != '/' || (size_t)length + name_bytes > sizeof(path))
		return copy_text(name);
	path[length - 1] = '/';
	memcpy(path + length, name, name_bytes);
	return copy_text(path);
}

/* The main program has no name in the loader's list. */
static const char *copy_path(const char *name)
{
	static char path[PATH_BYTES];
	long length;

	if (name && *name)
		return name[0] != '/' && strchr(name, '/') ? make_absolute(name) : copy_text(name);
	length = kernel_call4(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", path,
			      sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return copy_text(path);
}

static void write_hex(char *to, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * count] = '\0';
}

static void read_headers(struct module *module, const struct dl_phdr_info *info)
{
	uint32_t id_bytes;
	const unsigned char *id = image_find_build_id(info->dlpi_phdr, info->dlpi_phnum,
						      info->dlpi_addr, &id_bytes);

	image_find_range(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, &module->start,
			 &module->end);
	if (id && id_bytes <= sizeof(module->build_id) / 2)
		write_hex(module->build_id, id, id_bytes);
}

static struct module *find_loaded(uintptr_t start)
{
	for (uint32_t i = 0; i < module_count; i++)
		if (table[i].start == start && table[i].last_generation == MODULE_STILL_LOADED)
			return &table[i];
	return NULL;
}

/* The loaded modules, collected before modules_lock is taken. */
struct survey {
	uint32_t count;
	struct module modules[MODULE_MAX];
};

static int survey_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct survey *survey = context;
	struct module *module = &survey->modules[survey->count];

	(void)size;
	if (survey->count == MODULE_MAX)
		return 1;
	module->bias = info->dlpi_addr;
	module->path = info->dlpi_name;
	read_headers(module, info);
	if (module->end)
		survey->count++;
	return 0;
}

static bool is_same(const struct module *a, const struct module *b)
{
	return a->end == b->end && strcmp(a->build_id, b->build_id) == 0;
}

static void retire_module(struct module *module, uint32_t generation)
{
	module->last_generation = generation - 1;
	module->is_described = false;
}

static bool retire_missing(const struct survey *survey, uint32_t generation)
{
	bool has_changed = false;

	for (uint32_t i = 0; i < module_count; i++) {
		bool is_there = table[i].last_generation != MODULE_STILL_LOADED;

		for (uint32_t j = 0; j < survey->count && !is_there; j++)
			is_there = survey->modules[j].start == table[i].start &&
				   is_same(&survey->modules[j], &table[i]);
		if (is_there)
			continue;
		retire_module(&table[i], generation);
		has_changed = true;
	}
	return has_changed;
}

/* The first generation whose stacks may be in @module.  It is noticed some time
 * after it was loaded, so that older stacks may be its own, but not those from
 * the time when another module was at its place. */
static uint32_t generation_after_others(const struct module *module)
{
	uint32_t generation = 0;

	for (uint32_t i = 0; i < module_count; i++)
		if (table[i].start < module->end && module->start < table[i].end &&
		    table[i].last_generation != MODULE_STILL_LOADED &&
		    table[i].last_generation >= generation)
			generation = table[i].last_generation + 1;
	return generation;
}

static bool add_new(const struct survey *survey, uint32_t generation)
{
	bool has_changed = false;

	for (uint32_t i = 0; i < survey->count && module_count < MODULE_MAX; i++) {
		struct module *module = &table[module_count];

		if (find_loaded(survey->modules[i].start))
			continue;
		*module = survey->modules[i];
		module->id = module_count + 1;
		module->path = copy_path(module->path);
		module->first_generation = generation_after_others(module);
		module->noticed_generation = generation;
		module->last_generation = MODULE_STILL_LOADED;
		/* release: pairs with modules_find(). */
		store_release(&module_count, module_count + 1);
		has_changed = true;
	}
	return has_changed;
}

static void apply_survey(const struct survey *survey)
{
	uint32_t generation = guest_code_generation + 1;
	bool has_changed;

	if (!table) {
		arena_init(&arena, pages_from_kernel);
		table = pages_from_kernel(MODULE_MAX * sizeof(*table));
		if (!table)
			return;
	}
	has_changed = retire_missing(survey, generation);
	if (add_new(survey, generation) || has_changed) {
		unwind_forget_tables();
		/* release: stacks taken from now on are of the new generation. */
		store_release(&guest_code_generation, generation);
		detector_forget_calls(&guest_detector);
	}
}

void modules_refresh(void)
{
	struct survey *survey = pages_from_kernel(sizeof(*survey));

	if (!survey)
		return;
	dl_iterate_phdr(survey_module, survey);
	runtime_lock(&modules_lock);
	apply_survey(survey);
	runtime_unlock(&modules_lock);
	kernel_call2(SYS_munmap, survey, sizeof(*survey));
}

void modules_each_since(uint32_t generation, module_function call, void *context)
{
	/* acquire: pairs with add_new(). */
	uint32_t count = load_acquire(&module_count);

	for (uint32_t i = 0; i < count; i++)
		if (table[i].noticed_generation >= generation &&
		    table[i].last_generation == MODULE_STILL_LOADED)
			call(context, &table[i]);
}

struct module *modules_find(uintptr_t address, uint32_t generation)
{
	uint32_t count = load_acquire(&module_count);

	for (uint32_t i = 0; i < count; i++) {
		struct module *module = &table[i];

		if (address >= module->start && address < module->end &&
		    generation >= module->first_generation && generation <= module->last_generation)
			return module;
	}
	return NULL;
}

bool modules_is_own(uintptr_t address)
{
	/* The linker's own marks of this object's first byte and last text byte. */
	extern const char __ehdr_start[] __attribute__((visibility("hidden")));
	extern const char etext[] __attribute__((visibility("hidden")));

	return address >= (uintptr_t)__ehdr_start && address < (uintptr_t)etext;
}

bool modules_is_relay(uintptr_t address)
{
	const struct module *module = modules_find(address, guest_code_generation);

	return module && (strstr(module->path, "/libstdc++.so") || strstr(module->path, "/libc++"));
}
