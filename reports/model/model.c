#include "reports/model/model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "finding/timeline.h"
#include "reports/model/executions.h"
#include "reports/model/import.h"
#include "reports/model/read.h"

/* How all rows of the id tables begin. */
struct row_key {
	uint32_t id;
	uint64_t offset;
};

void model_init(struct model *model)
{
	*model = (struct model){0};
}

void model_free(struct model *model)
{
	for (size_t i = 0; i < model->file_count; i++) {
		struct model_file *file = &model->files[i];

		if (file->is_mapped)
			munmap((void *)(uintptr_t)file->base, file->size_bytes);
	}
	pool_free(&model->pool);
	*model = (struct model){0};
}

static int set_damage(struct model *model, const char *name, uint64_t offset, const char *why)
{
	snprintf(model->error, sizeof(model->error), "%s: damaged at offset %llu: %s", name,
		 (unsigned long long)offset, why);
	return -EBADMSG;
}

int model_read_image(struct model *model, const char *name, const unsigned char *base,
		     uint64_t size_bytes)
{
	uint32_t index = (uint32_t)model->file_count;
	const struct record_header *record;
	struct model_file *file;
	const char *why = NULL;
	uint64_t offset = 0;
	int result;

	if (!results_check(base, size_bytes, &why))
		return set_damage(model, name, 0, why);
	model->files = pool_grow(&model->pool, model->files, model->file_count, sizeof(*file));
	file = &model->files[model->file_count++];
	*file = (struct model_file){
		.path = pool_copy(&model->pool, name, strlen(name)),
		.base = base,
		.size_bytes = size_bytes,
	};
	memcpy(&file->header, base, sizeof(file->header));
	model->dropped_count += file->header.dropped_count;
	file->timeline = timeline_check(base, size_bytes);
	if (file->timeline)
		model->lost_event_count += timeline_lost(file->timeline);
	else if (file->header.timeline_bytes)
		return set_damage(model, name, file->header.timeline_offset,
				  "the events are not all there");
	while ((result = results_next(base, size_bytes, &offset, &record, &model->torn_count,
				      &why)) > 0) {
		uint64_t at = offset - record->size_bytes;

		if (!model_read_record(model, index, record, at))
			return set_damage(model, name, at, "a record's content is malformed");
	}
	if (result < 0)
		return set_damage(model, name, offset, why);
	if (file->header.seal && file->header.seal != results_seal(base, size_bytes))
		return set_damage(model, name, offsetof(struct results_header, seal),
				  "the checksum of the whole file is wrong");
	executions_check(model, index);
	model_read_slots(model, index);
	return 0;
}

/* The whole file, or NULL and errno; an empty file is EBADMSG. */
static unsigned char *map_file(const char *path, uint64_t *size_bytes)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status = {0};
	void *base = MAP_FAILED;

	if (descriptor < 0)
		return NULL;
	if (fstat(descriptor, &status) == 0 && status.st_size == 0)
		errno = EBADMSG;
	else if (status.st_size > 0)
		base = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
	/* A file of a run is in memory, and most of its slots are empty. */
	if (base != MAP_FAILED)
		(void)madvise(base, (size_t)status.st_size, MADV_RANDOM);
	close(descriptor);
	*size_bytes = (uint64_t)status.st_size;
	return base == MAP_FAILED ? NULL : base;
}

int model_read_file(struct model *model, const char *path)
{
	uint64_t size_bytes;
	unsigned char *base = map_file(path, &size_bytes);
	int result = -errno;

	if (!base && result == -EBADMSG)
		return set_damage(model, path, 0, "an empty file");
	if (!base) {
		snprintf(model->error, sizeof(model->error), "%s: %s", path, strerror(-result));
		return result;
	}
	result = model_read_image(model, path, base, size_bytes);
	/* Little of it is looked at again. */
	(void)madvise(base, size_bytes, MADV_DONTNEED);
	if (model->file_count && model->files[model->file_count - 1].base == base)
		model->files[model->file_count - 1].is_mapped = true;
	else
		munmap(base, size_bytes);
	return result;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row_key *a = left;
	const struct row_key *b = right;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void apply_replacements(struct model *model)
{
	for (size_t i = 0; i < model->finding_count; i++) {
		const struct model_finding *later = &model->findings[i];

		if (later->finding->replaces == 0 || later->is_gone)
			continue;
		for (size_t j = 0; j < i; j++) {
			struct model_finding *earlier = &model->findings[j];

			if (earlier->process == later->process &&
			    earlier->finding->id == later->finding->replaces)
				earlier->is_gone = true;
		}
	}
}

static void sort_table(struct model_table *table, size_t row_bytes)
{
	if (table->count)
		qsort(table->rows, table->count, row_bytes, compare_rows);
}

void model_finish(struct model *model)
{
	apply_replacements(model);
	for (size_t i = 0; i < model->process_count; i++) {
		struct model_process *process = model->processes[i];

		sort_table(&process->modules, sizeof(struct model_module));
		sort_table(&process->stacks, sizeof(struct model_stack));
		sort_table(&process->threads, sizeof(struct model_thread));
		sort_table(&process->locks, sizeof(struct model_lock));
	}
	model_import(model);
}

/* The last row with @id that stands before @limit in its file, or NULL. */
static const void *find_row(const struct model_table *table, size_t row_bytes, uint32_t id,
			    uint64_t limit)
{
	struct row_key key = {id, limit};
	size_t low = 0;
	size_t high = table->count;
	const struct row_key *row;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_rows((const char *)table->rows + middle * row_bytes, &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	row = (const void *)((const char *)table->rows + (low - 1) * row_bytes);
	return row->id == id ? row : NULL;
}

enum table_choice { TABLE_STACKS, TABLE_THREADS, TABLE_LOCKS };

static const struct model_table *choose_table(const struct model_process *process,
					      enum table_choice choice)
{
	if (choice == TABLE_STACKS)
		return &process->stacks;
	return choice == TABLE_THREADS ? &process->threads : &process->locks;
}

/* The parent whose records @process inherits, or NULL. */
static const struct model_process *find_parent(const struct model_process *process)
{
	return process->how == PROCESS_FORKED ? process->parent : NULL;
}

/* In @process first, then in its parent as it was at the fork. */
static const void *find_inherited(const struct model_process *process, enum table_choice choice,
				  size_t row_bytes, uint32_t id)
{
	uint64_t limit = UINT64_MAX;

	if (id == 0)
		return NULL;
	while (process) {
		const void *row = find_row(choose_table(process, choice), row_bytes, id, limit);

		if (row)
			return row;
		limit = process->offset;
		process = find_parent(process);
	}
	return NULL;
}

const struct model_stack *model_stack(const struct model_process *process, uint32_t id)
{
	return find_inherited(process, TABLE_STACKS, sizeof(struct model_stack), id);
}

const struct model_thread *model_thread(const struct model_process *process, uint32_t id)
{
	return find_inherited(process, TABLE_THREADS, sizeof(struct model_thread), id);
}

const struct model_thread *model_thread_by_kernel_id(const struct model_process *process,
						     uint32_t kernel_id)
{
	const struct model_thread *rows = process->threads.rows;

	for (size_t i = process->threads.count; i-- > 0;)
		if (rows[i].kernel_id == kernel_id && !(rows[i].flags & THREAD_HAS_ENDED))
			return &rows[i];
	return NULL;
}

const struct model_thread *model_thread_of_state(const struct model_process *process,
						 const struct model_state *state)
{
	return state->thread ? model_thread(process, state->thread)
			     : model_thread_by_kernel_id(process, state->kernel_id);
}

const struct model_lock *model_lock(const struct model_process *process, uint32_t id)
{
	return find_inherited(process, TABLE_LOCKS, sizeof(struct model_lock), id);
}

/* Looks at the rows before @limit; of several with the same id only at the last. */
static const struct model_module *find_module(const struct model_table *table, uint32_t generation,
					      uint64_t address, uint64_t limit)
{
	const struct model_module *modules = table->rows;
	const struct model_module *newer = NULL;

	for (size_t i = table->count; i-- > 0;) {
		const struct model_module *module = &modules[i];

		if (module->offset >= limit || (newer && newer->id == module->id))
			continue;
		newer = module;
		if (address >= module->start && address < module->end &&
		    module->first_generation <= generation && generation <= module->last_generation)
			return module;
	}
	return NULL;
}

const struct model_module *model_module(const struct model_process *process, uint32_t generation,
					uint64_t address)
{
	const struct model_module *module = NULL;
	uint64_t limit = UINT64_MAX;

	while (process && !module) {
		module = find_module(&process->modules, generation, address, limit);
		limit = process->offset;
		process = find_parent(process);
	}
	return module;
}

struct model_finding *model_finding(struct model *model, const struct model_process *process,
				    uint32_t id)
{
	for (; process; process = find_parent(process))
		for (size_t i = 0; i < model->finding_count; i++)
			if (model->findings[i].process == process &&
			    model->findings[i].finding->id == id)
				return &model->findings[i];
	return NULL;
}

const char *model_module_name(const struct model_module *module)
{
	const char *slash = strrchr(module->path, '/');

	return slash && slash[1] ? slash + 1 : module->path;
}

const struct model_variable *model_variable(const struct model *model,
					    const struct model_process *process, uint64_t address)
{
	for (size_t i = model->variable_count; i-- > 0;) {
		const struct model_variable *row = &model->variables[i];

		if (row->process == process && address - row->address < row->size_bytes)
			return row;
	}
	return NULL;
}

uint64_t model_stack_frame(const struct model_stack *stack, uint32_t index)
{
	uint64_t frame;

	memcpy(&frame, stack->frames + index * sizeof(frame), sizeof(frame));
	return frame;
}

uint64_t model_counter(const struct model *model, enum counter counter)
{
	uint64_t sum = counter == COUNTER_LOST_RECORDS ? model->dropped_count : 0;

	for (size_t i = 0; i < model->process_count; i++)
		sum += model->processes[i]->counters[counter];
	if (counter == COUNTER_LOST_EVENTS)
		sum += model->lost_event_count;
	if (counter == COUNTER_LOST_CHILDREN && sum < model->unobserved_count)
		sum = model->unobserved_count;
	return sum;
}
