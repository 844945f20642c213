#include "inspect/core/core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "inspect/core/core_memory.h"
#include "inspect/core/core_notes.h"
#include "reports/symbols/elf_image.h"

#define VDSO_BYTES 8192u

static bool refuse(char why[TARGET_MESSAGE_BYTES], const char *path, const char *what)
{
	(void)snprintf(why, TARGET_MESSAGE_BYTES, "'%s': %s", path, what);
	return false;
}

/* Neighbouring mappings of one file that begin with its start are a module. */
static void find_modules(struct target *target, const struct core *core)
{
	for (size_t i = 0; i < core->mapping_count;) {
		const struct core_mapping *first = &core->mappings[i];
		size_t last = i;

		while (last + 1 < core->mapping_count &&
		       strcmp(core->mappings[last + 1].path, first->path) == 0)
			last++;
		if (first->offset == 0)
			target_add_module(target, first->path, first->start,
					  core->mappings[last].end);
		i = last + 1;
	}
	if (core->vdso)
		target_add_module(target, "[vdso]", core->vdso, core->vdso + VDSO_BYTES);
}

/* Files that are no modules may be shared; what is no file is not. */
static void list_ranges(struct target *target, const struct core *core)
{
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct core_segment *segment = &core->segments[i];
		const struct core_mapping *mapping = core_find_mapping(core, segment->start);
		struct target_range range = {.start = segment->start,
					     .end = segment->end,
					     .inode = mapping != NULL,
					     .path = mapping ? mapping->path : ""};

		range.is_shared = mapping && !target_find_module(target, segment->start);
		target->ranges =
			pool_grow(target->pool, target->ranges, target->range_count, sizeof(range));
		target->ranges[target->range_count++] = range;
	}
}

static bool is_path_gone(const char *path)
{
	FILE *file = fopen(path, "re");

	if (file)
		(void)fclose(file);
	return !file;
}

/* Unwind tables and code are in the files alone. */
static bool check_modules(struct target *target, char why[TARGET_MESSAGE_BYTES])
{
	for (size_t i = 0; i < target->module_count; i++) {
		struct target_module *module = &target->modules[i];

		if (module->path[0] != '/')
			continue;
		module->image = elf_image_open(target->pool, module->path, module->build_id);
		if (module->image->has_changed)
			return refuse(why, module->path,
				      "has changed since the core was written: its stacks could "
				      "only be guessed; put the file of that time there");
	}
	return true;
}

static bool check_files(const struct core *core, char why[TARGET_MESSAGE_BYTES])
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *mapping = &core->mappings[i];

		if (mapping->offset == 0 && mapping->path[0] == '/' &&
		    strncmp(mapping->path, "/dev/", 5) != 0 &&
		    strncmp(mapping->path, "/memfd:", 7) != 0 &&
		    strncmp(mapping->path, "/SYSV", 5) != 0 && is_path_gone(mapping->path))
			return refuse(why, mapping->path,
				      "was mapped when the core was written, and is not there any "
				      "more: its stacks could only be guessed");
	}
	return true;
}

static bool open_file(struct core *core, const char *path, char why[TARGET_MESSAGE_BYTES])
{
	int result = mapped_file_open(&core->mapped, path);
	const char *reason = "it is no core file";

	if (result && result != -ENOEXEC)
		return refuse(why, path, strerror(-result));
	if (result ||
	    !elf_file_open(&core->elf, core->mapped.bytes, core->mapped.size_bytes, &reason) ||
	    core->elf.header.e_type != ET_CORE)
		return refuse(why, path, "it is no core file of a 64-bit program for x86");
	return true;
}

static void name_program(struct target *target, const struct core *core)
{
	const struct core_mapping *program = core_find_mapping(core, core->program_headers);

	if (program)
		target->program = program->path;
	if (!target->program || !target->program[0])
		target->program = "(unknown program)";
	if (!target->pid && target->thread_count)
		target->pid = (pid_t)target->threads[0].id;
}

bool core_open(struct target *target, struct pool *pool, const char *path,
	       char why[TARGET_MESSAGE_BYTES])
{
	struct core *core = pool_alloc(pool, sizeof(*core));

	*target = (struct target){.pool = pool, .is_core = true, .read = core_read, .source = core};
	if (!open_file(core, path, why))
		return false;
	if (!core_list_segments(core, pool))
		return refuse(why, path, "it is cut short: not all of the memory is there");
	core_read_notes(target, core);
	if (!target->thread_count)
		return refuse(why, path, "it has no threads");
	name_program(target, core);
	if (!check_files(core, why))
		return false;
	find_modules(target, core);
	list_ranges(target, core);
	return check_modules(target, why);
}

void core_close(struct target *target)
{
	struct core *core = target->source;

	for (size_t i = 0; i < core->mapping_count; i++)
		if (core->mappings[i].file.bytes)
			mapped_file_close(&core->mappings[i].file);
	if (core->mapped.bytes)
		mapped_file_close(&core->mapped);
}
