#include "inspect/record.h"

#include <string.h>

#include "inspect/record_verdict.h"
#include "inspect/waits/runtime.h"

static void record_process(struct recorder *recorder)
{
	const struct target *target = &recorder->look->target;
	struct byte_writer writer;
	struct record_header *record =
		recorder_begin(recorder, RECORD_PROCESS, 5 * 4 + strlen(target->program), &writer);

	if (!record)
		return;
	write_u32(&writer, (uint32_t)target->pid);
	write_u32(&writer, 0);
	write_u32(&writer, PROCESS_STARTED);
	write_string(&writer, target->program);
	write_u32(&writer, 0);
	record_commit(record);
}

static void record_module(struct recorder *recorder, uint32_t id,
			  const struct target_module *module)
{
	struct byte_writer writer;
	struct record_header *record = recorder_begin(recorder, RECORD_MODULE,
						      4 + 3 * 8 + 2 * 4 + 4 + strlen(module->path) +
							      4 + strlen(module->build_id),
						      &writer);

	if (!record)
		return;
	write_u32(&writer, recorder->first_id + id);
	write_u64(&writer, module->start);
	write_u64(&writer, module->end);
	write_u64(&writer, module->bias);
	write_u32(&writer, recorder->generation);
	write_u32(&writer, UINT32_MAX);
	write_string(&writer, module->path);
	write_string(&writer, module->build_id);
	record_commit(record);
}

static void record_thread(struct recorder *recorder, uint32_t id,
			  const struct target_thread *thread)
{
	bool is_main = thread->id == (uint32_t)recorder->look->target.pid;
	struct byte_writer writer;
	struct record_header *record =
		recorder_begin(recorder, RECORD_THREAD, 6 * 4 + strlen(thread->name), &writer);

	if (!record)
		return;
	write_u32(&writer, id);
	write_u32(&writer, thread->id);
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, is_main ? THREAD_IS_MAIN : 0);
	write_string(&writer, thread->name);
	record_commit(record);
}

static void write_state(struct recorder *recorder, struct byte_writer *writer, uint32_t index)
{
	const struct target_thread *thread = &recorder->look->target.threads[index];
	const struct wait *wait = &recorder->look->waits[index];
	const struct object object = recorder_object(wait);
	const struct object mutex = recorder_mutex(wait);

	write_u32(writer, thread->id);
	write_u32(writer, thread->call);
	write_u64(writer, thread->arguments[0]);
	write_u32(writer, recorder_stack(recorder, index));
	write_string(writer, thread->name);
	write_u32(writer, recorder->thread_ids[index]);
	write_u32(writer, recorder_lock(recorder, &object));
	write_u32(writer,
		  wait->kind == OBJECT_THREAD ? recorder_thread(recorder, wait->state.holder) : 0);
	write_u32(writer, wait->mode);
	write_u32(writer, wait->is_timed);
	write_u32(writer,
		  wait->kind == OBJECT_THREAD ? 0 : recorder_thread(recorder, wait->state.holder));
	write_u32(writer, recorder_lock(recorder, &mutex));
	write_u32(writer, recorder_thread(recorder, wait->mutex_state.holder));
	write_string(writer, wait->note);
	write_string(writer, wait->script);
}

/* Stacks and locks first, as a record cannot be written inside another. */
static void record_states(struct recorder *recorder, enum states_when when)
{
	const struct look *look = recorder->look;
	uint32_t count = (uint32_t)look->target.thread_count;
	size_t size_bytes = 2 * 4;
	struct byte_writer writer;
	struct record_header *record;
	struct object object;

	for (uint32_t i = 0; i < count; i++) {
		(void)recorder_stack(recorder, i);
		object = recorder_object(&look->waits[i]);
		(void)recorder_lock(recorder, &object);
		object = recorder_mutex(&look->waits[i]);
		(void)recorder_lock(recorder, &object);
		size_bytes += STATE_BYTES + strlen(look->target.threads[i].name) +
			      strlen(look->waits[i].note) +
			      (look->waits[i].script ? strlen(look->waits[i].script) : 0);
	}
	record = recorder_begin(recorder, RECORD_STATES, size_bytes, &writer);
	if (!record)
		return;
	write_u32(&writer, when);
	write_u32(&writer, count);
	for (uint32_t i = 0; i < count; i++)
		write_state(recorder, &writer, i);
	record_commit(record);
}

static void record_advice(struct recorder *recorder)
{
	const char *advice = runtime_advice(&recorder->look->target);
	struct byte_writer writer;
	struct record_header *record =
		advice ? recorder_begin(recorder, RECORD_TEXT, 4 + strlen(advice), &writer) : NULL;

	if (!record)
		return;
	write_string(&writer, advice);
	record_commit(record);
}

static void record_look(struct recorder *recorder, enum states_when when)
{
	const struct target *target = &recorder->look->target;

	if (!recorder->first_id)
		record_process(recorder);
	record_advice(recorder);
	for (size_t i = 0; i < target->module_count; i++)
		record_module(recorder, (uint32_t)i + 1, &target->modules[i]);
	for (size_t i = 0; i < target->thread_count; i++)
		if (recorder->thread_ids[i] > recorder->first_id)
			record_thread(recorder, recorder->thread_ids[i], &target->threads[i]);
	record_states(recorder, when);
}

void record_inspection(void *image, struct inspection *inspection, enum states_when when)
{
	struct recorder *recorders =
		pool_alloc(inspection->pool, inspection->look_count * sizeof(*recorders));

	for (size_t i = 0; i < inspection->look_count; i++) {
		recorder_init(&recorders[i], image, inspection, &inspection->looks[i]);
		record_look(&recorders[i], when);
	}
	for (size_t i = 0; i < inspection->verdict_count; i++)
		record_verdict(recorders, &inspection->verdicts[i], (uint32_t)i + 1);
}
