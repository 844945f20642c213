#include "reports/model/import.h"

enum import_kind { IMPORT_STACK, IMPORT_THREAD, IMPORT_LOCK };

/* One row that was copied. */
struct import {
	enum import_kind kind;
	const struct model_process *from;
	uint32_t id;  /* in 'from' */
	uint64_t key; /* of a lock */
	uint32_t new_id;
};

struct importer {
	struct model *model;
	struct model_process *into;
	struct finding *finding;
	struct import *imports;
	size_t count;
};

/* Behind all others of the file: no child inherits an imported row. */
#define IMPORTED_OFFSET (UINT64_MAX - 1)

/* Of the rows of @process and its parents. */
static uint32_t largest_id(const struct model_process *process, size_t table_offset,
			   size_t row_bytes)
{
	uint32_t largest = 0;

	for (; process; process = process->parent) {
		const struct model_table *table =
			(const void *)((const char *)process + table_offset);
		uint32_t id = 0;

		/* Every row begins with its id; the table is sorted by it. */
		if (table->count)
			id = *(const uint32_t *)(const void *)((const char *)table->rows +
							       (table->count - 1) * row_bytes);
		if (id > largest)
			largest = id;
	}
	return largest;
}

static uint32_t find_import(const struct importer *importer, enum import_kind kind,
			    const struct model_process *from, uint32_t id, uint64_t key)
{
	for (size_t i = 0; i < importer->count; i++) {
		const struct import *import = &importer->imports[i];

		if (import->kind == kind &&
		    (key ? import->key == key : import->from == from && import->id == id))
			return import->new_id;
	}
	return 0;
}

static void add_import(struct importer *importer, enum import_kind kind,
		       const struct model_process *from, uint32_t id, uint64_t key, uint32_t new_id)
{
	importer->imports = pool_grow(&importer->model->pool, importer->imports, importer->count,
				      sizeof(*importer->imports));
	importer->imports[importer->count++] = (struct import){kind, from, id, key, new_id};
}

static void *append_row(struct importer *importer, struct model_table *table, size_t row_bytes)
{
	table->rows = pool_grow(&importer->model->pool, table->rows, table->count, row_bytes);
	return (char *)table->rows + table->count++ * row_bytes;
}

#define NEW_ID(importer, table)                                                                    \
	(largest_id((importer)->into, offsetof(struct model_process, table##s),                    \
		    sizeof(struct model_##table)) +                                                \
	 1)

static uint32_t import_stack(struct importer *importer, const struct model_process *from,
			     uint32_t id)
{
	const struct model_stack *source = model_stack(from, id);
	uint32_t new_id = find_import(importer, IMPORT_STACK, from, id, 0);
	struct model_stack row;

	if (new_id || !source)
		return new_id;
	row = *source;
	row.id = new_id = NEW_ID(importer, stack);
	row.offset = IMPORTED_OFFSET;
	row.home = from;
	*(struct model_stack *)append_row(importer, &importer->into->stacks, sizeof(row)) = row;
	add_import(importer, IMPORT_STACK, from, id, 0, new_id);
	return new_id;
}

/* @with_creator: imports its creator too, but not the creator's creator. */
static uint32_t import_thread(struct importer *importer, const struct model_process *from,
			      uint32_t id, bool with_creator)
{
	const struct model_thread *source = model_thread(from, id);
	uint32_t new_id = find_import(importer, IMPORT_THREAD, from, id, 0);
	struct model_thread row;

	if (new_id || !source)
		return new_id;
	row = *source;
	row.creation_stack = import_stack(importer, from, source->creation_stack);
	row.creator = with_creator ? import_thread(importer, from, row.creator, false) : 0;
	row.id = new_id = NEW_ID(importer, thread);
	row.offset = IMPORTED_OFFSET;
	row.home = from;
	*(struct model_thread *)append_row(importer, &importer->into->threads, sizeof(row)) = row;
	add_import(importer, IMPORT_THREAD, from, id, 0, new_id);
	return new_id;
}

/* The lock with @key in the finding's events of its own process, or 0. */
static uint32_t find_own_lock(const struct importer *importer, uint64_t key)
{
	for (uint32_t i = 0; i < importer->finding->event_count; i++) {
		const struct finding_event *event = &importer->finding->events[i];
		const struct model_lock *lock = model_lock(importer->into, event->lock);

		if (event->process)
			continue;
		if (lock && lock->key == key)
			return event->lock;
		for (uint32_t j = 0; j < event->hold_count && j < FINDING_HOLD_MAX; j++) {
			lock = model_lock(importer->into, event->holds[j].lock);
			if (lock && lock->key == key)
				return event->holds[j].lock;
		}
	}
	return 0;
}

/* The lock's name comes from where it was created, which only the creating process
 * knows: adds it, so that the name is the same in each process's findings. */
static void complete_lock(struct importer *importer, uint32_t id,
			  const struct model_process *from, const struct model_lock *source)
{
	uint32_t creation = import_stack(importer, from, source->creation_stack);
	struct model_lock *rows = importer->into->locks.rows;

	for (size_t i = 0; i < importer->into->locks.count; i++)
		if (rows[i].id == id && !rows[i].creation_stack)
			rows[i].creation_stack = creation;
}

static uint32_t import_lock(struct importer *importer, const struct model_process *from,
			    uint32_t id)
{
	const struct model_lock *source = model_lock(from, id);
	uint64_t key = source ? source->key : 0;
	uint32_t new_id = find_import(importer, IMPORT_LOCK, from, id, key);
	struct model_lock row;

	if (!source)
		return 0;
	row = *source;
	if (!new_id && key)
		new_id = find_own_lock(importer, key);
	if (new_id) {
		complete_lock(importer, new_id, from, &row);
		return new_id;
	}
	row.creation_stack = import_stack(importer, from, row.creation_stack);
	row.first_stack = import_stack(importer, from, row.first_stack);
	row.block_stack = import_stack(importer, from, row.block_stack);
	row.stack_thread = import_thread(importer, from, row.stack_thread, true);
	row.id = new_id = NEW_ID(importer, lock);
	row.offset = IMPORTED_OFFSET;
	row.home = from;
	*(struct model_lock *)append_row(importer, &importer->into->locks, sizeof(row)) = row;
	add_import(importer, IMPORT_LOCK, from, id, key, new_id);
	return new_id;
}

static void import_event(struct importer *importer, struct finding_event *event,
			 const struct model_process *from)
{
	event->thread = import_thread(importer, from, event->thread, true);
	event->target = import_thread(importer, from, event->target, true);
	event->lock = import_lock(importer, from, event->lock);
	event->stack = import_stack(importer, from, event->stack);
	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++) {
		event->holds[i].lock = import_lock(importer, from, event->holds[i].lock);
		event->holds[i].stack = import_stack(importer, from, event->holds[i].stack);
	}
}

static const struct model_process *find_process(const struct model *model, uint32_t file,
						uint32_t index)
{
	for (size_t i = 0; i < model->process_count; i++)
		if (model->processes[i]->file == file && model->processes[i]->index == index)
			return model->processes[i];
	return NULL;
}

/* event->process stays set: find_own_lock() tells by it which events are foreign. */
static void import_finding(struct model *model, struct model_finding *finding)
{
	struct importer importer = {
		.model = model,
		.into = finding->process,
		.finding = finding->finding,
	};
	static const struct model_process nobody;

	for (uint32_t i = 0; i < finding->finding->event_count; i++) {
		struct finding_event *event = &finding->finding->events[i];
		const struct model_process *from;

		if (!event->process || event->process == finding->process->index)
			continue;
		/* The other process may have left no records. */
		from = find_process(model, finding->process->file, event->process);
		import_event(&importer, event, from ? from : &nobody);
	}
}

void model_import(struct model *model)
{
	for (size_t i = 0; i < model->finding_count; i++)
		import_finding(model, &model->findings[i]);
}
