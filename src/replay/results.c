/*
 * Writes the findings of a replay to a results file, as the guest library does: in
 * front of each finding its stacks, threads and locks, each of them once.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/base/memory_block.h"
#include "detect/base/thread.h"
#include "replay/replay.h"

static struct replay *replay_of(struct detector *detector)
{
	return (struct replay *)detector;
}

static uint32_t string_bytes(const char *text)
{
	return (uint32_t)(4 + strlen(text));
}

static struct record_header *begin_record(struct replay *replay, enum record_type type,
					  uint32_t payload_bytes, uint32_t live_bytes,
					  struct byte_writer *writer)
{
	return record_begin(replay->image, type, replay->process, payload_bytes, live_bytes,
			    writer);
}

/* The number of a thread in reports: if the script has no main thread, main is not
 * shown, and the first other thread is number 1. */
static thread_id shown_id(const struct replay *replay, thread_id id)
{
	return replay->has_main_actor || id == 0 ? id : id - 1;
}

/* --- Stacks, threads, locks ---------------------------------------------- */

static void describe_stack(struct replay *replay, stack_id id)
{
	struct stack *stack = stack_depot_get(&replay->detector.stacks, id);
	struct byte_writer writer;
	struct record_header *record;

	if (!stack || stack->is_described)
		return;
	stack->is_described = true;
	record = begin_record(replay, RECORD_STACK, 16 + stack->frame_count * 8, 0, &writer);
	if (!record)
		return;
	write_u32(&writer, id & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, stack->code_generation);
	write_u32(&writer, stack->flags);
	write_u32(&writer, stack->frame_count);
	for (uint32_t i = 0; i < stack->frame_count; i++)
		write_u64(&writer, stack->frames[i]);
	record_commit(record);
}

static const char *name_of(const struct replay *replay, const struct thread *thread)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.thread_names); i++)
		if (replay->actors[i].thread == thread)
			return replay_actor_name(replay, &replay->actors[i]);
	return "";
}

static void write_thread(struct replay *replay, const struct thread *thread)
{
	const char *name = name_of(replay, thread);
	struct byte_writer writer;
	struct record_header *record;
	uint32_t flags = thread == replay->main_thread ? THREAD_IS_MAIN : 0;

	if (thread->state == THREAD_ENDED || thread->state == THREAD_ENDING)
		flags |= THREAD_HAS_ENDED;
	describe_stack(replay, thread->created);
	record = begin_record(replay, RECORD_THREAD, 20 + string_bytes(name), 0, &writer);
	if (!record)
		return;
	write_u32(&writer, shown_id(replay, thread->id));
	write_u32(&writer, 0);
	write_u32(&writer, shown_id(replay, thread->creator));
	write_u32(&writer, thread->created & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, flags);
	write_string(&writer, name);
	record_commit(record);
}

static void describe_thread(struct replay *replay, thread_id id)
{
	struct thread *thread = detector_thread(&replay->detector, id);

	for (; thread && !thread->is_described && shown_id(replay, thread->id);
	     thread = detector_thread(&replay->detector, thread->creator)) {
		thread->is_described = true;
		write_thread(replay, thread);
	}
}

static const struct primitive *primitive_at(const struct replay *replay, uintptr_t address)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.object_names); i++)
		if (replay->primitives[i].address == address)
			return &replay->primitives[i];
	return NULL;
}

static void describe_lock(struct replay *replay, lock_id id)
{
	struct sync_info *info = detector_lock(&replay->detector, id);
	const struct primitive *primitive = info ? primitive_at(replay, info->address) : NULL;
	const char *name = primitive ? replay_primitive_name(replay, primitive) : "";
	struct byte_writer writer;
	struct record_header *record;
	uint32_t flags = 0;

	if (!info || info->is_described)
		return;
	info->is_described = true;
	describe_stack(replay, info->created);
	describe_stack(replay, info->first);
	describe_thread(replay, info->stack_thread);
	flags |= info->attributes & SYNC_PROCESS_SHARED ? LOCK_IS_PROCESS_SHARED : 0;
	flags |= info->attributes & SYNC_RECURSIVE ? LOCK_IS_RECURSIVE : 0;
	flags |= info->attributes & SYNC_ROBUST ? LOCK_IS_ROBUST : 0;
	record = begin_record(replay, RECORD_LOCK, 36 + string_bytes(name), 0, &writer);
	if (!record)
		return;
	write_u32(&writer, info->id);
	write_u32(&writer, info->kind);
	write_u64(&writer, info->address);
	write_u32(&writer, info->class);
	write_u32(&writer, info->created & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, info->first & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, shown_id(replay, info->stack_thread));
	write_u32(&writer, flags);
	write_string(&writer, name);
	record_commit(record);
}

static void describe_event(struct replay *replay, struct finding_event *event)
{
	uint32_t count =
		event->hold_count < FINDING_HOLD_MAX ? event->hold_count : FINDING_HOLD_MAX;

	describe_thread(replay, event->thread);
	describe_thread(replay, event->target);
	describe_lock(replay, event->lock);
	describe_stack(replay, event->stack);
	event->thread = shown_id(replay, event->thread);
	event->target = shown_id(replay, event->target);
	event->stack &= ~STACK_ID_IN_HANDLER;
	for (uint32_t i = 0; i < count; i++) {
		describe_lock(replay, event->holds[i].lock);
		describe_stack(replay, event->holds[i].stack);
		event->holds[i].stack &= ~STACK_ID_IN_HANDLER;
	}
}

/* --- Findings ------------------------------------------------------------ */

/* The row of finding @number, new at the first use; NULL when memory is exhausted. */
static struct replay_finding *finding_row(struct replay *replay, uint32_t number)
{
	uint32_t more = replay->finding_capacity ? replay->finding_capacity * 2 : 64;
	struct replay_finding *rows;

	if (number < replay->finding_capacity)
		return &replay->findings[number];
	while (more <= number)
		more *= 2;
	rows = realloc(replay->findings, more * sizeof(*rows));
	if (!rows)
		return NULL;
	memset(rows + replay->finding_capacity, 0,
	       (more - replay->finding_capacity) * sizeof(*rows));
	replay->findings = rows;
	replay->finding_capacity = more;
	return &rows[number];
}

static void add_lock(struct replay *replay, struct replay_finding *row, lock_id id)
{
	const struct sync_info *info = detector_lock(&replay->detector, id);
	const struct primitive *primitive = info ? primitive_at(replay, info->address) : NULL;

	if (!primitive)
		return;
	for (uint32_t i = 0; i < row->lock_count; i++)
		if (row->locks[i] == primitive->number)
			return;
	if (row->lock_count < EXPECTED_LOCKS_MAX)
		row->locks[row->lock_count++] = primitive->number;
}

/* Expectations name variables as objects: adds the object with its name. */
static void add_variable(struct replay *replay, struct replay_finding *row, uintptr_t address)
{
	uint32_t variable = replay_variable_at(replay, address);
	const char *name = name_table_text(&replay->script.variable_names, variable);
	uint32_t number;

	if (!variable)
		return;
	number = name_table_find(&replay->script.object_names, name, strlen(name));
	for (uint32_t i = 0; i < row->lock_count; i++)
		if (row->locks[i] == number)
			return;
	if (row->lock_count < EXPECTED_LOCKS_MAX)
		row->locks[row->lock_count++] = number;
}

static void add_finding(struct replay *replay, const struct finding *finding, uint64_t *count)
{
	struct replay_finding *row;

	if (finding->replaces && finding->replaces < replay->finding_capacity)
		replay->findings[finding->replaces].is_gone = true;
	row = finding_row(replay, finding->id);
	if (!row)
		return;
	row->kind = finding->kind;
	row->severity = finding->severity;
	/* In a script no move turns out to be plain. */
	row->is_gone = finding->rests_on.numbers[0];
	row->count = count;
	for (uint32_t i = 0; i < finding->event_count; i++)
		if (finding->events[i].size_bytes)
			add_variable(replay, row, finding->events[i].address);
		else
			add_lock(replay, row, finding->events[i].lock);
}

static void emit_finding(struct detector *detector, const struct finding *finding)
{
	static struct finding described;
	static unsigned char payload[FINDING_PAYLOAD_MAX];
	struct replay *replay = replay_of(detector);
	struct byte_writer encoder = {payload, payload + sizeof(payload), false};
	struct byte_writer writer;
	struct record_header *record;
	uint32_t size;

	described = *finding;
	described.event_count = 0;
	for (uint32_t i = 0; i < finding->event_count; i++)
		if (shown_id(replay, finding->events[i].thread))
			described.events[described.event_count++] = finding->events[i];
	for (uint32_t i = 0; i < described.event_count; i++)
		describe_event(replay, &described.events[i]);
	finding_encode(&encoder, &described);
	size = (uint32_t)(encoder.next - payload);
	record = begin_record(replay, RECORD_FINDING, size, 8, &writer);
	if (record)
		write_bytes(&writer, payload, size);
	add_finding(replay, finding, record ? (uint64_t *)(void *)(record + 1) : NULL);
	if (record)
		record_commit(record);
}

static void count_finding(struct detector *detector, uint32_t number)
{
	struct replay_finding *row = finding_row(replay_of(detector), number);

	if (row && row->count)
		++*row->count;
}

static void retract_finding(struct detector *detector, uint32_t number)
{
	struct replay *replay = replay_of(detector);
	struct replay_finding *row = finding_row(replay, number);
	struct byte_writer writer;
	struct record_header *record = begin_record(replay, RECORD_RETRACT, 8, 0, &writer);

	if (row)
		row->is_gone = true;
	if (!record)
		return;
	write_u32(&writer, number);
	write_u32(&writer, 0);
	record_commit(record);
}

static bool can_be_woken(struct detector *detector)
{
	return replay_of(detector)->script.is_outside;
}

static bool has_handler(struct detector *detector)
{
	return replay_of(detector)->script.has_handler;
}

static bool may_have_input(const struct detector *detector, const struct wait *wait)
{
	const struct replay *replay = (const struct replay *)detector; /* as in replay_of() */

	return replay->primitives[wait->number].facts.facts & FACT_SHARED;
}

static bool is_alive(struct detector *detector, const struct thread *thread)
{
	(void)detector;
	return thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING;
}

static bool may_hold(struct detector *detector, const struct thread *thread,
		     const struct sync_object *object)
{
	(void)detector;
	(void)thread;
	(void)object;
	return true;
}

static bool is_asleep(struct detector *detector, const struct thread *thread,
		      const struct wait *wait)
{
	(void)detector;
	(void)thread;
	(void)wait;
	return true;
}

static bool block_of(struct detector *detector, uintptr_t address, struct memory_block *block)
{
	const struct replay *replay = replay_of(detector);
	const struct primitive *primitive =
		replay->has_blocks ? primitive_at(replay, address) : NULL;

	if (!primitive || !primitive->allocator)
		return false;
	*block = (struct memory_block){.start = address, .thread = primitive->allocator};
	return true;
}

const struct detector_hooks replay_hooks = {
	.emit = emit_finding,
	.count = count_finding,
	.retract = retract_finding,
	.can_be_woken = can_be_woken,
	.has_handler = has_handler,
	.may_have_input = may_have_input,
	.may_hold = may_hold,
	.is_asleep = is_asleep,
	.is_alive = is_alive,
	.access_stack = replay_access_stack,
	.block_of = block_of,
};

/* --- The process --------------------------------------------------------- */

static void write_process(struct replay *replay)
{
	struct byte_writer writer;
	struct record_header *record = begin_record(
		replay, RECORD_PROCESS, 12 + string_bytes(replay->path) + 4, 0, &writer);

	if (!record)
		return;
	write_u32(&writer, (uint32_t)getpid());
	write_u32(&writer, 0);
	write_u32(&writer, PROCESS_STARTED);
	write_string(&writer, replay->path);
	write_u32(&writer, 0);
	record_commit(record);
}

/* The script is the only module; addresses are places in it. */
static void write_module(struct replay *replay)
{
	struct byte_writer writer;
	struct record_header *record = begin_record(
		replay, RECORD_MODULE,
		36 + string_bytes(replay->path) + string_bytes(MODULE_IS_SCRIPT), 0, &writer);

	if (!record)
		return;
	write_u32(&writer, 1);
	write_u64(&writer, replay_place(1, 0));
	write_u64(&writer, replay_place(replay->script.line_count + 1, 0));
	write_u64(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, UINT32_MAX);
	write_string(&writer, replay->path);
	write_string(&writer, MODULE_IS_SCRIPT);
	record_commit(record);
}

static void write_variables(struct replay *replay)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.variable_names); i++) {
		const char *name = name_table_text(&replay->script.variable_names, i);
		struct byte_writer writer;
		struct record_header *record = begin_record(replay, RECORD_VARIABLE,
							    16 + string_bytes(name), 0, &writer);

		if (!record)
			return;
		write_u64(&writer, replay_variable_address(i));
		write_u64(&writer, VARIABLE_BYTES);
		write_string(&writer, name);
		record_commit(record);
	}
}

void replay_results_begin(struct replay *replay)
{
	struct results_header *header = replay->image;

	replay->process = ++header->process_count;
	write_process(replay);
	write_module(replay);
	write_variables(replay);
}

void replay_results_end(struct replay *replay)
{
	struct byte_writer writer;
	uint32_t size = COUNTER_COUNT * sizeof(uint64_t);
	struct record_header *record = begin_record(replay, RECORD_COUNTERS, size, size, &writer);

	if (record) {
		write_bytes(&writer, replay->detector.counters, size);
		record_commit(record);
	}
	record = begin_record(replay, RECORD_END, 8, 0, &writer);
	if (!record)
		return;
	write_u32(&writer, PROCESS_EXITED);
	write_u32(&writer, 0);
	record_commit(record);
}
