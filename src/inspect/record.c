#include "inspect/record.h"

#include <string.h>

#include "base/hash.h"

#define BUCKET_COUNT 4096u

struct shown_stack {
	const struct target_frame *frames;
	uint32_t count;
	bool is_incomplete;
};

/* A stack or lock that has its record. */
struct known {
	struct known *next;
	uint64_t key;
	struct shown_stack stack;
	uint32_t id;
};

struct recorder {
	void *image;
	const struct inspection *inspection;
	struct pool *pool;
	uint32_t process;
	uint32_t stack_count;
	uint32_t lock_count;
	uint32_t finding_count;
	struct known *stacks[BUCKET_COUNT];
	struct known *locks[BUCKET_COUNT];
};

static struct record_header *begin(struct recorder *recorder, enum record_type type,
				   size_t size_bytes, struct byte_writer *writer)
{
	return record_begin(recorder->image, type, recorder->process, (uint32_t)size_bytes,
			    type == RECORD_FINDING ? 8 : 0, writer);
}

static void record_process(struct recorder *recorder)
{
	const struct target *target = &recorder->inspection->target;
	struct byte_writer writer;
	struct record_header *record =
		begin(recorder, RECORD_PROCESS, 5 * 4 + strlen(target->program), &writer);

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
	struct record_header *record =
		begin(recorder, RECORD_MODULE,
		      4 + 3 * 8 + 2 * 4 + 4 + strlen(module->path) + 4 + strlen(module->build_id),
		      &writer);

	if (!record)
		return;
	write_u32(&writer, id);
	write_u64(&writer, module->start);
	write_u64(&writer, module->end);
	write_u64(&writer, module->bias);
	write_u32(&writer, 0);
	write_u32(&writer, UINT32_MAX);
	write_string(&writer, module->path);
	write_string(&writer, module->build_id);
	record_commit(record);
}

static void record_thread(struct recorder *recorder, uint32_t id,
			  const struct target_thread *thread)
{
	bool is_main = thread->id == (uint32_t)recorder->inspection->target.pid;
	struct byte_writer writer;
	struct record_header *record =
		begin(recorder, RECORD_THREAD, 6 * 4 + strlen(thread->name), &writer);

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

/* The stack of thread @index, from the function on in which it waits. */
static struct shown_stack stack_of_thread(const struct recorder *recorder, uint32_t index)
{
	const struct target_thread *thread = &recorder->inspection->target.threads[index];
	uint32_t first = recorder->inspection->waits[index].first_frame;

	return (struct shown_stack){thread->frames + first, thread->frame_count - first,
				    thread->is_incomplete};
}

static uint32_t write_stack(struct recorder *recorder, const struct shown_stack *stack)
{
	struct byte_writer writer;
	struct record_header *record =
		begin(recorder, RECORD_STACK, 4 * 4 + 8 * (size_t)stack->count, &writer);

	if (!record)
		return 0;
	write_u32(&writer, ++recorder->stack_count);
	write_u32(&writer, 0);
	write_u32(&writer, stack->is_incomplete ? STACK_INCOMPLETE : 0);
	write_u32(&writer, stack->count);
	for (uint32_t i = 0; i < stack->count; i++)
		write_u64(&writer, stack->frames[i].code);
	record_commit(record);
	return recorder->stack_count;
}

static bool is_same_stack(const struct shown_stack *one, const struct shown_stack *other)
{
	if (one->count != other->count || one->is_incomplete != other->is_incomplete)
		return false;
	for (uint32_t i = 0; i < one->count; i++)
		if (one->frames[i].code != other->frames[i].code)
			return false;
	return true;
}

/* Equal stacks have one id. */
static uint32_t record_stack(struct recorder *recorder, uint32_t index)
{
	const struct shown_stack stack = stack_of_thread(recorder, index);
	struct known **bucket;
	struct known *known;
	uint64_t key = 0;

	if (!stack.count)
		return 0;
	for (uint32_t i = 0; i < stack.count; i++)
		key = hash_append(key, stack.frames[i].code);
	bucket = &recorder->stacks[key % BUCKET_COUNT];
	for (known = *bucket; known; known = known->next)
		if (known->key == key && is_same_stack(&known->stack, &stack))
			return known->id;
	known = pool_alloc(recorder->pool, sizeof(*known));
	*known = (struct known){*bucket, key, stack, write_stack(recorder, &stack)};
	*bucket = known;
	return known->id;
}

/* The thread on whose stack @address lies, as its id in the file; or 0. */
static uint32_t thread_of_stack(const struct recorder *recorder, uint64_t address)
{
	const struct target *target = &recorder->inspection->target;
	const struct target_range *range = target_find_range(target, address);

	for (size_t i = 0; range && !range->inode && i < target->thread_count; i++) {
		uint64_t sp = target->threads[i].registers[REGISTER_RSP];

		if (sp >= range->start && sp < range->end && address >= sp)
			return (uint32_t)i + 1;
	}
	return 0;
}

static uint32_t write_lock(struct recorder *recorder, enum object_kind kind, uint64_t address,
			   uint32_t flags)
{
	struct byte_writer writer;
	struct record_header *record = begin(recorder, RECORD_LOCK, 7 * 4 + 8 + 4, &writer);

	if (!record)
		return 0;
	write_u32(&writer, ++recorder->lock_count);
	write_u32(&writer, kind);
	write_u64(&writer, address);
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, thread_of_stack(recorder, address));
	write_u32(&writer, flags);
	write_string(&writer, "");
	record_commit(record);
	return recorder->lock_count;
}

static uint32_t record_lock(struct recorder *recorder, enum object_kind kind, uint64_t address,
			    uint32_t flags)
{
	uint64_t key = hash_append(kind, address);
	struct known **bucket = &recorder->locks[key % BUCKET_COUNT];
	struct known *known;

	if (!address || kind == OBJECT_KIND_COUNT || kind == OBJECT_THREAD)
		return 0;
	for (known = *bucket; known; known = known->next)
		if (known->key == key)
			return known->id;
	known = pool_alloc(recorder->pool, sizeof(*known));
	*known = (struct known){*bucket, key, {0}, write_lock(recorder, kind, address, flags)};
	*bucket = known;
	return known->id;
}

static uint32_t lock_of_wait(struct recorder *recorder, const struct wait *wait)
{
	return record_lock(recorder, wait->kind, wait->object, wait->state.flags);
}

static uint32_t mutex_of_wait(struct recorder *recorder, const struct wait *wait)
{
	return record_lock(recorder, OBJECT_MUTEX, wait->mutex, wait->mutex_state.flags);
}

/* The id in the file of a thread of the target; 0 if it is none. */
static uint32_t thread_of_id(const struct recorder *recorder, uint32_t inner_id)
{
	struct target *target = (struct target *)(uintptr_t)&recorder->inspection->target;
	const struct target_thread *thread = target_find_thread(target, inner_id);

	return thread ? (uint32_t)(thread - target->threads) + 1 : 0;
}

static void write_state(struct recorder *recorder, struct byte_writer *writer, uint32_t index)
{
	const struct target_thread *thread = &recorder->inspection->target.threads[index];
	const struct wait *wait = &recorder->inspection->waits[index];

	write_u32(writer, thread->id);
	write_u32(writer, thread->call);
	write_u64(writer, thread->arguments[0]);
	write_u32(writer, record_stack(recorder, index));
	write_string(writer, thread->name);
	write_u32(writer, index + 1);
	write_u32(writer, lock_of_wait(recorder, wait));
	write_u32(writer,
		  wait->kind == OBJECT_THREAD ? thread_of_id(recorder, wait->state.holder) : 0);
	write_u32(writer, wait->mode);
	write_u32(writer, wait->is_timed);
	write_u32(writer,
		  wait->kind == OBJECT_THREAD ? 0 : thread_of_id(recorder, wait->state.holder));
	write_u32(writer, mutex_of_wait(recorder, wait));
	write_u32(writer, thread_of_id(recorder, wait->mutex_state.holder));
	write_string(writer, wait->note);
}

/* Stacks and locks first, as a record cannot be written inside another. */
static void record_states(struct recorder *recorder)
{
	const struct inspection *inspection = recorder->inspection;
	uint32_t count = (uint32_t)inspection->target.thread_count;
	size_t size_bytes = 2 * 4;
	struct byte_writer writer;
	struct record_header *record;

	for (uint32_t i = 0; i < count; i++) {
		(void)record_stack(recorder, i);
		(void)lock_of_wait(recorder, &inspection->waits[i]);
		(void)mutex_of_wait(recorder, &inspection->waits[i]);
		size_bytes += STATE_BYTES + strlen(inspection->target.threads[i].name) +
			      strlen(inspection->waits[i].note);
	}
	record = begin(recorder, RECORD_STATES, size_bytes, &writer);
	if (!record)
		return;
	write_u32(&writer, STATES_LOOKED_AT);
	write_u32(&writer, count);
	for (uint32_t i = 0; i < count; i++)
		write_state(recorder, &writer, i);
	record_commit(record);
}

static struct finding_event *add_event(struct finding *finding, uint32_t index,
				       enum finding_action action, uint32_t lock)
{
	struct finding_event *event = &finding->events[finding->event_count++];

	*event = (struct finding_event){.thread = index + 1, .action = action, .lock = lock};
	event->holds_are_unknown = true;
	return event;
}

/* What thread @index waits for; of a condition in a cycle its mutex. */
static uint32_t needed_lock(struct recorder *recorder, uint32_t index, bool is_cycle)
{
	const struct wait *wait = &recorder->inspection->waits[index];

	return is_cycle && wait->kind == OBJECT_CONDITION ? mutex_of_wait(recorder, wait)
							  : lock_of_wait(recorder, wait);
}

static void add_wait(struct recorder *recorder, struct finding *finding, uint32_t index,
		     bool is_cycle)
{
	const struct wait *wait = &recorder->inspection->waits[index];
	bool is_join = wait->kind == OBJECT_THREAD;
	struct finding_event *event = add_event(finding, index, is_join ? ACTION_JOIN : ACTION_WAIT,
						needed_lock(recorder, index, is_cycle));

	event->target = is_join ? thread_of_id(recorder, wait->state.holder) : 0;
	event->mode = wait->mode;
	event->stack = record_stack(recorder, index);
}

static void record_verdict(struct recorder *recorder, const struct verdict *verdict)
{
	static struct finding finding;
	static unsigned char payload[FINDING_PAYLOAD_MAX];
	struct byte_writer writer = {payload, payload + sizeof(payload), false};
	bool is_cycle = verdict->kind == FINDING_DEADLOCK;
	uint32_t count = verdict->member_count;
	struct record_header *record;

	finding = (struct finding){.id = ++recorder->finding_count,
				   .kind = verdict->kind,
				   .severity = verdict->severity,
				   .details = verdict->details};
	for (uint32_t i = 0; i < count && finding.event_count + 2 <= FINDING_EVENT_MAX; i++) {
		uint32_t before = verdict->members[(i + count - 1) % count];
		uint32_t held = is_cycle && !(verdict->details & DETAIL_ENDED_OWNER)
					? needed_lock(recorder, before, true)
					: 0;

		if (held)
			add_event(&finding, verdict->members[i], ACTION_HOLD, held);
		add_wait(recorder, &finding, verdict->members[i], is_cycle);
	}
	if (finding.event_count + 2 > FINDING_EVENT_MAX)
		finding.details |= DETAIL_TRUNCATED;
	finding_encode(&writer, &finding);
	record = begin(recorder, RECORD_FINDING, (size_t)(writer.next - payload), &writer);
	if (!record)
		return;
	write_bytes(&writer, payload, record->payload_bytes);
	record_commit(record);
}

void record_inspection(void *image, const struct inspection *inspection)
{
	struct recorder *recorder = pool_alloc(inspection->target.pool, sizeof(*recorder));
	const struct target *target = &inspection->target;
	struct results_header *header = image;

	recorder->image = image;
	recorder->inspection = inspection;
	recorder->pool = target->pool;
	recorder->process = ++header->process_count;
	record_process(recorder);
	for (size_t i = 0; i < target->module_count; i++)
		record_module(recorder, (uint32_t)i + 1, &target->modules[i]);
	for (size_t i = 0; i < target->thread_count; i++)
		record_thread(recorder, (uint32_t)i + 1, &target->threads[i]);
	record_states(recorder);
	for (size_t i = 0; i < inspection->verdict_count; i++)
		record_verdict(recorder, &inspection->verdicts[i]);
}
