#include "reports/model/read.h"

#include <stddef.h>
#include <string.h>

#include "reports/model/slots.h"

/* One record on its way into the model. */
struct record_source {
	struct model *model;
	struct model_process *process;
	uint32_t file;
	uint64_t offset;
	struct byte_reader reader;
};

static const char *take_string(struct record_source *source)
{
	struct byte_string string = read_string(&source->reader);

	return pool_copy(&source->model->pool, string.text, string.length);
}

/* A new row at the end of @table. */
static void *add_row(struct record_source *source, struct model_table *table, size_t size_bytes)
{
	table->rows = pool_grow(&source->model->pool, table->rows, table->count, size_bytes);
	return (char *)table->rows + table->count++ * size_bytes;
}

static struct model_process *find_process(const struct model *model, uint32_t file,
					  uint32_t index)
{
	for (size_t i = model->process_count; i-- > 0;) {
		struct model_process *process = model->processes[i];

		if (process->file != file)
			break;
		if (process->index == index)
			return process;
	}
	return NULL;
}

struct model_process *model_process(struct model *model, uint32_t file, uint32_t index)
{
	struct model_process *process = find_process(model, file, index);

	if (process)
		return process;
	process = pool_alloc(&model->pool, sizeof(*process));
	process->file = file;
	process->index = index;
	process->path = "";
	model->processes = pool_grow(&model->pool, model->processes, model->process_count,
				     sizeof(struct model_process *));
	model->processes[model->process_count++] = process;
	process->number = (uint32_t)model->process_count;
	return process;
}

static void read_arguments(struct record_source *source)
{
	struct model_process *process = source->process;
	uint32_t count = read_u32(&source->reader);

	/* Each argument takes at least 4 bytes: reject an absurd count. */
	if (count > (size_t)(source->reader.end - source->reader.next) / 4) {
		source->reader.failed = true;
		return;
	}
	process->arguments = pool_alloc(&source->model->pool, (count + 1ul) * sizeof(char *));
	process->argument_count = count;
	for (uint32_t i = 0; i < count; i++)
		process->arguments[i] = take_string(source);
}

static void read_process(struct record_source *source)
{
	struct model_process *process = source->process;
	uint32_t parent;
	uint32_t how;

	process->offset = source->offset;
	process->pid = read_u32(&source->reader);
	parent = read_u32(&source->reader);
	how = read_u32(&source->reader);
	process->path = take_string(source);
	read_arguments(source);
	/* A parent has a smaller index than its children: there are no cycles. */
	if (how > PROCESS_FORKED || (parent && parent >= process->index))
		source->reader.failed = true;
	if (source->reader.failed)
		return;
	process->how = how;
	process->parent = parent ? model_process(source->model, source->file, parent) : NULL;
}

static void read_module(struct record_source *source)
{
	struct model_module *module =
		add_row(source, &source->process->modules, sizeof(struct model_module));

	module->offset = source->offset;
	module->id = read_u32(&source->reader);
	module->start = read_u64(&source->reader);
	module->end = read_u64(&source->reader);
	module->bias = read_u64(&source->reader);
	module->first_generation = read_u32(&source->reader);
	module->last_generation = read_u32(&source->reader);
	module->path = take_string(source);
	module->build_id = take_string(source);
}

static void read_stack(struct record_source *source)
{
	struct model_stack *stack =
		add_row(source, &source->process->stacks, sizeof(struct model_stack));

	stack->offset = source->offset;
	stack->id = read_u32(&source->reader);
	stack->generation = read_u32(&source->reader);
	stack->flags = read_u32(&source->reader);
	stack->frame_count = read_u32(&source->reader);
	stack->frames = read_bytes(&source->reader, stack->frame_count * sizeof(uint64_t));
	if (!stack->frames)
		stack->frame_count = 0;
}

static void read_thread(struct record_source *source)
{
	struct model_thread *thread =
		add_row(source, &source->process->threads, sizeof(struct model_thread));

	thread->offset = source->offset;
	thread->id = read_u32(&source->reader);
	thread->kernel_id = read_u32(&source->reader);
	thread->creator = read_u32(&source->reader);
	thread->creation_stack = read_u32(&source->reader);
	thread->flags = read_u32(&source->reader);
	thread->name = take_string(source);
}

static void read_lock(struct record_source *source)
{
	struct model_lock *lock =
		add_row(source, &source->process->locks, sizeof(struct model_lock));
	uint32_t kind;

	lock->offset = source->offset;
	lock->id = read_u32(&source->reader);
	kind = read_u32(&source->reader);
	lock->address = read_u64(&source->reader);
	lock->class = read_u32(&source->reader);
	lock->creation_stack = read_u32(&source->reader);
	lock->first_stack = read_u32(&source->reader);
	lock->stack_thread = read_u32(&source->reader);
	lock->flags = read_u32(&source->reader);
	lock->name = take_string(source);
	if (lock->flags & LOCK_HAS_KEY)
		lock->key = read_u64(&source->reader);
	if (lock->flags & LOCK_HAS_BLOCK)
		lock->block_stack = read_u32(&source->reader);
	if (kind >= OBJECT_KIND_COUNT)
		source->reader.failed = true;
	else
		lock->kind = kind;
}

/* Adds what is written as a finding to @rows. */
static void add_finding(struct record_source *source, struct model_finding **rows, size_t *count)
{
	struct model *model = source->model;
	struct finding *scratch = model->scratch;
	uint64_t occurrences;
	size_t size;
	void *copy;

	if (!scratch)
		scratch = model->scratch = pool_alloc(&model->pool, sizeof(*scratch));
	if (!finding_decode(&source->reader, scratch, &occurrences)) {
		source->reader.failed = true;
		return;
	}
	size = finding_size_bytes(scratch);
	copy = pool_alloc(&model->pool, size);
	memcpy(copy, scratch, size);
	*rows = pool_grow(&model->pool, *rows, *count, sizeof(**rows));
	(*rows)[(*count)++] = (struct model_finding){.process = source->process,
						     .offset = source->offset,
						     .finding = copy,
						     .count = occurrences ? occurrences : 1};
}

static void read_finding(struct record_source *source)
{
	add_finding(source, &source->model->findings, &source->model->finding_count);
}

static void read_order(struct record_source *source)
{
	add_finding(source, &source->model->orders, &source->model->order_count);
}

static void read_retract(struct record_source *source)
{
	uint32_t id = read_u32(&source->reader);
	bool is_note = read_u32(&source->reader);

	for (size_t i = source->model->finding_count; i-- > 0;) {
		struct model_finding *finding = &source->model->findings[i];

		if (finding->process == source->process && finding->finding->id == id) {
			if (is_note)
				finding->finding->severity = SEVERITY_NOTE;
			else
				finding->is_gone = finding->is_retracted = true;
			return;
		}
	}
}

static void read_counters(struct record_source *source)
{
	size_t count = (size_t)(source->reader.end - source->reader.next) / sizeof(uint64_t);

	/* A file of another build may have more rows or fewer. */
	for (size_t i = 0; i < count && i < COUNTER_COUNT; i++)
		source->process->counters[i] = read_u64(&source->reader);
}

static void read_end(struct record_source *source)
{
	uint32_t how = read_u32(&source->reader);

	source->process->end_status = read_u32(&source->reader);
	if (how > PROCESS_ENDED_BY_US) {
		source->reader.failed = true;
		return;
	}
	source->process->has_ended = true;
	source->process->end = how;
}

static void read_text(struct record_source *source)
{
	struct model *model = source->model;
	struct model_text *text;

	model->texts = pool_grow(&model->pool, model->texts, model->text_count, sizeof(*text));
	text = &model->texts[model->text_count++];
	*text = (struct model_text){.process = source->process, .text = take_string(source)};
}

static void read_unobserved(struct record_source *source)
{
	struct model *model = source->model;
	struct model_text *text;

	model->unobserved = pool_grow(&model->pool, model->unobserved, model->unobserved_count,
				      sizeof(*text));
	text = &model->unobserved[model->unobserved_count++];
	text->process = source->process;
	text->text = take_string(source);
	text->why = take_string(source);
}

/* The last exec call of that process failed. */
static void cancel_execution(struct model *model, uint32_t file, uint32_t pid)
{
	for (size_t i = model->execution_count; i-- > 0;) {
		struct model_execution *execution = &model->executions[i];

		if (execution->process->file != file || execution->pid != pid)
			continue;
		execution->how = EXECUTES_FAILED;
		return;
	}
}

static void read_executes(struct record_source *source)
{
	struct model *model = source->model;
	uint32_t pid = read_u32(&source->reader);
	uint32_t how = read_u32(&source->reader);
	const char *path = take_string(source);
	struct model_execution *execution;

	if (how > EXECUTES_FAILED) {
		source->reader.failed = true;
		return;
	}
	if (how == EXECUTES_FAILED) {
		cancel_execution(model, source->file, pid);
		return;
	}
	model->executions = pool_grow(&model->pool, model->executions, model->execution_count,
				      sizeof(*execution));
	execution = &model->executions[model->execution_count++];
	*execution =
		(struct model_execution){source->process, source->offset, pid, how, path};
}

static void read_variable(struct record_source *source)
{
	struct model *model = source->model;
	struct model_variable *row;

	model->variables =
		pool_grow(&model->pool, model->variables, model->variable_count, sizeof(*row));
	row = &model->variables[model->variable_count++];
	row->process = source->process;
	row->address = read_u64(&source->reader);
	row->size_bytes = read_u64(&source->reader);
	row->name = take_string(source);
}

static void read_state(struct record_source *source, struct model_state *state)
{
	state->kernel_id = read_u32(&source->reader);
	state->call = read_u32(&source->reader);
	state->argument = read_u64(&source->reader);
	state->stack = read_u32(&source->reader);
	state->name = take_string(source);
	state->thread = read_u32(&source->reader);
	state->lock = read_u32(&source->reader);
	state->target = read_u32(&source->reader);
	state->mode = read_u32(&source->reader) == HOLD_SHARED ? HOLD_SHARED : HOLD_EXCLUSIVE;
	state->is_timed = read_u32(&source->reader) != 0;
	state->holder = read_u32(&source->reader);
	state->mutex = read_u32(&source->reader);
	state->mutex_holder = read_u32(&source->reader);
	state->note = take_string(source);
	state->script = take_string(source);
}

static void read_states(struct record_source *source)
{
	struct model_process *process = source->process;
	uint32_t when = read_u32(&source->reader);
	uint32_t count = read_u32(&source->reader);

	process->has_timed_out = when == STATES_AT_TIMEOUT;
	process->is_looked_at = when == STATES_LOOKED_AT;
	for (uint32_t i = 0; i < count && !source->reader.failed; i++) {
		process->states = pool_grow(&source->model->pool, process->states,
					    process->state_count, sizeof(*process->states));
		read_state(source, &process->states[process->state_count++]);
	}
}

static void (*const record_readers[])(struct record_source *) = {
	[RECORD_PROCESS] = read_process,   [RECORD_MODULE] = read_module,
	[RECORD_STACK] = read_stack,	   [RECORD_THREAD] = read_thread,
	[RECORD_LOCK] = read_lock,	   [RECORD_FINDING] = read_finding,
	[RECORD_RETRACT] = read_retract,   [RECORD_COUNTERS] = read_counters,
	[RECORD_END] = read_end,	   [RECORD_TEXT] = read_text,
	[RECORD_UNOBSERVED] = read_unobserved, [RECORD_EXECUTES] = read_executes,
	[RECORD_VARIABLE] = read_variable, [RECORD_STATES] = read_states,
	[RECORD_ORDER] = read_order,
};

bool model_read_record(struct model *model, uint32_t file, const struct record_header *record,
		       uint64_t offset)
{
	const unsigned char *payload = (const unsigned char *)(record + 1);
	struct record_source source = {
		.model = model,
		.process = model_process(model, file, record->process),
		.file = file,
		.offset = offset,
		.reader = {payload, payload + record->payload_bytes, false},
	};

	if (record->process == 0)
		return false;
	record_readers[record->type](&source);
	return !source.reader.failed;
}

/* --- Slots ------------------------------------------------------------------------------- */

/* Offset 0: a record of the same lock, which may say more, counts. */
static void read_slot_locks(struct model *model, struct model_process *process,
			    const struct results_slot *slot)
{
	for (uint32_t i = 0; i <= slot->hold_count && i <= RESULTS_SLOT_HOLDS; i++) {
		struct record_source source = {
			.model = model,
			.process = process,
			.reader = {slot->locks[i], slot->locks[i] + RESULTS_LOCK_BYTES, false},
		};
		uint32_t id = i ? slot->holds[i - 1].lock : slot->lock;

		if (!id)
			continue;
		read_lock(&source);
		if (source.reader.failed)
			process->locks.count--;
	}
}

void model_read_slots(struct model *model, uint32_t file)
{
	const struct results_slot *slots =
		(const void *)(model->files[file].base + RESULTS_SLOTS_OFFSET);
	uint32_t count = slots_count(model->files[file].base);
	struct results_slot slot;

	for (uint32_t i = 0; i < count; i++) {
		struct model_process *process;

		if (!slot_copy(&slots[i], &slot))
			continue;
		process = find_process(model, file, slot.process);
		if (!process)
			continue;
		process->slots = pool_grow(&model->pool, process->slots, process->slot_count,
					   sizeof(slot));
		process->slots[process->slot_count++] = slot;
		if (slot.is_blocked)
			read_slot_locks(model, process, &slot);
	}
}
