/* Writes the findings of a replay to a results file, as the guest library does. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/base/describe.h"
#include "detect/base/memory_block.h"
#include "detect/base/thread.h"
#include "replay/replay.h"

static struct replay *replay_of(struct detector *detector)
{
	return (struct replay *)detector;
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
static thread_id shown_thread(const struct detector *detector, thread_id id)
{
	const struct replay *replay = (const struct replay *)detector; /* as in replay_of() */

	return replay->has_main_actor || id == 0 ? id : id - 1;
}

/* --- Stacks, threads, locks ---------------------------------------------- */

static const char *thread_name(struct detector *detector, const struct thread *thread)
{
	struct replay *replay = replay_of(detector);

	for (uint32_t i = 1; i <= name_table_count(&replay->script.thread_names); i++)
		if (replay->actors[i].thread == thread)
			return replay_actor_name(replay, &replay->actors[i]);
	return "";
}

static const struct primitive *primitive_at(const struct replay *replay, uintptr_t address)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.object_names); i++)
		if (replay->primitives[i].address == address)
			return &replay->primitives[i];
	return NULL;
}

static const char *lock_name(struct detector *detector, const struct sync_info *info)
{
	struct replay *replay = replay_of(detector);
	const struct primitive *primitive = primitive_at(replay, info->address);

	return primitive ? replay_primitive_name(replay, primitive) : "";
}

static struct record_header *begin_description(struct detector *detector, enum record_type type,
					       uint32_t payload_bytes, struct byte_writer *writer)
{
	return begin_record(replay_of(detector), type, payload_bytes, 0, writer);
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

/* The record of a finding, or of what is written as one; NULL if there is no room. */
static struct record_header *write_as_finding(struct replay *replay, enum record_type type,
					      const struct finding *finding)
{
	static struct finding described;
	static unsigned char payload[FINDING_PAYLOAD_MAX];
	struct byte_writer encoder = {payload, payload + sizeof(payload), false};
	struct byte_writer writer;
	struct record_header *record;
	uint32_t size;

	described = *finding;
	described.event_count = 0;
	for (uint32_t i = 0; i < finding->event_count; i++)
		if (shown_thread(&replay->detector, finding->events[i].thread))
			described.events[described.event_count++] = finding->events[i];
	describe_finding(&replay->detector, &described);
	finding_encode(&encoder, &described);
	size = (uint32_t)(encoder.next - payload);
	record = begin_record(replay, type, size, 8, &writer);
	if (record)
		write_bytes(&writer, payload, size);
	return record;
}

static void emit_finding(struct detector *detector, const struct finding *finding)
{
	struct replay *replay = replay_of(detector);
	struct record_header *record = write_as_finding(replay, RECORD_FINDING, finding);

	add_finding(replay, finding, record ? (uint64_t *)(void *)(record + 1) : NULL);
	if (record)
		record_commit(record);
}

static void emit_order(struct detector *detector, const struct finding *edge)
{
	struct record_header *record =
		write_as_finding(replay_of(detector), RECORD_ORDER, edge);

	if (record)
		record_commit(record);
}

static void count_finding(struct detector *detector, uint32_t number)
{
	struct replay_finding *row = finding_row(replay_of(detector), number);

	if (row && row->count)
		++*row->count;
}

static void write_retraction(struct replay *replay, uint32_t number, bool is_note)
{
	struct byte_writer writer;
	struct record_header *record = begin_record(replay, RECORD_RETRACT, 8, 0, &writer);

	if (!record)
		return;
	write_u32(&writer, number);
	write_u32(&writer, is_note);
	record_commit(record);
}

static void retract_finding(struct detector *detector, uint32_t number)
{
	struct replay *replay = replay_of(detector);
	struct replay_finding *row = finding_row(replay, number);

	if (row)
		row->is_gone = true;
	write_retraction(replay, number, false);
}

static void lower_finding(struct detector *detector, uint32_t number)
{
	struct replay *replay = replay_of(detector);
	struct replay_finding *row = finding_row(replay, number);

	if (row)
		row->severity = SEVERITY_NOTE;
	write_retraction(replay, number, true);
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
	const struct replay *replay = replay_of(detector);
	uint32_t count = name_table_count(&replay->script.thread_names);

	for (uint32_t i = 1; wait->excludes_mutex && i <= count; i++)
		if (replay->actors[i].thread == thread)
			return replay->actors[i].waits_for != WAITS_FOR_MUTEX;
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
	.order = emit_order,
	.count = count_finding,
	.retract = retract_finding,
	.lower = lower_finding,
	.can_be_woken = can_be_woken,
	.has_handler = has_handler,
	.may_have_input = may_have_input,
	.may_hold = may_hold,
	.is_asleep = is_asleep,
	.is_alive = is_alive,
	.access_stack = replay_access_stack,
	.block_of = block_of,
	.begin_record = begin_description,
	.shown_thread = shown_thread,
	.thread_name = thread_name,
	.lock_name = lock_name,
};

/* --- The process --------------------------------------------------------- */

static void write_process(struct replay *replay)
{
	struct byte_writer writer;
	struct record_header *record = begin_record(
		replay, RECORD_PROCESS, 12 + describe_string_bytes(replay->path) + 4, 0, &writer);

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
		36 + describe_string_bytes(replay->path) + describe_string_bytes(MODULE_IS_SCRIPT),
		0, &writer);

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
		struct record_header *record =
			begin_record(replay, RECORD_VARIABLE, 16 + describe_string_bytes(name), 0,
				     &writer);

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
