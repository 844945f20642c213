#include "inspect/recorder.h"

#include <string.h>

#include "base/hash.h"
#include "inspect/observed/observed.h"
#include "reports/model/slots.h"

/* A stack as it is shown. */
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

static uint64_t key_of_lock(enum object_kind kind, uint64_t address)
{
	return hash_append(kind, address);
}

static void add_lock(struct recorder *recorder, uint64_t key, uint32_t id)
{
	struct known **bucket = &recorder->locks[key % RECORDER_BUCKETS];
	struct known *known = pool_alloc(recorder->pool, sizeof(*known));

	*known = (struct known){*bucket, key, {0}, id};
	*bucket = known;
}

/* As in a LOCK record. */
static void learn_lock(struct recorder *recorder, uint32_t id, const unsigned char *bytes)
{
	struct byte_reader reader = {bytes, bytes + RESULTS_LOCK_BYTES, false};
	uint32_t kind;

	if (!id || read_u32(&reader) != id)
		return;
	kind = read_u32(&reader);
	add_lock(recorder, key_of_lock(kind, read_u64(&reader)), id);
}

/* The ids of the library for what is waited for and held. */
static void learn_locks(struct recorder *recorder)
{
	recorder->slots = slots_collect(recorder->pool, recorder->image, recorder->process,
					&recorder->slot_count);
	for (size_t i = 0; i < recorder->slot_count; i++) {
		const struct results_slot *slot = &recorder->slots[i];

		learn_lock(recorder, slot->lock, slot->locks[0]);
		for (uint32_t j = 0; j < slot->hold_count && j < RESULTS_SLOT_HOLDS; j++)
			learn_lock(recorder, slot->holds[j].lock, slot->locks[j + 1]);
	}
}

const struct results_slot *recorder_slot(const struct recorder *recorder, uint32_t index)
{
	for (size_t i = 0; i < recorder->slot_count; i++)
		if (recorder->slots[i].thread == recorder->thread_ids[index])
			return &recorder->slots[i];
	return NULL;
}

void recorder_init(struct recorder *recorder, void *image, struct inspection *inspection,
		   struct look *look)
{
	struct results_header *header = image;
	size_t count = look->target.thread_count;

	recorder->image = image;
	recorder->inspection = inspection;
	recorder->look = look;
	recorder->pool = inspection->pool;
	recorder->thread_ids = pool_alloc(inspection->pool, (count + 1) * sizeof(uint32_t));
	recorder->process = observed_find(image, &look->target);
	if (recorder->process) {
		recorder->first_id = OUTSIDE_IDS;
		recorder->generation = LAST_GENERATION;
		observed_threads(image, recorder->process, &look->target, recorder->thread_ids);
		learn_locks(recorder);
	} else {
		recorder->process = ++header->process_count;
	}
	for (uint32_t i = 0; i < count; i++)
		if (!recorder->thread_ids[i])
			recorder->thread_ids[i] = recorder->first_id + i + 1;
}

struct record_header *recorder_begin(struct recorder *recorder, enum record_type type,
				     size_t size_bytes, struct byte_writer *writer)
{
	return record_begin(recorder->image, type, recorder->process, (uint32_t)size_bytes,
			    type == RECORD_FINDING ? 8 : 0, writer);
}

/* The stack of thread @index, from the function on in which it waits. */
static struct shown_stack stack_of_thread(const struct recorder *recorder, uint32_t index)
{
	const struct target_thread *thread = &recorder->look->target.threads[index];
	uint32_t first = recorder->look->waits[index].first_frame;

	return (struct shown_stack){thread->frames + first, thread->frame_count - first,
				    thread->is_incomplete};
}

static uint32_t write_stack(struct recorder *recorder, const struct shown_stack *stack)
{
	struct byte_writer writer;
	struct record_header *record =
		recorder_begin(recorder, RECORD_STACK, 4 * 4 + 8 * (size_t)stack->count, &writer);

	if (!record)
		return 0;
	write_u32(&writer, recorder->first_id + ++recorder->stack_count);
	write_u32(&writer, recorder->generation);
	write_u32(&writer, stack->is_incomplete ? STACK_INCOMPLETE : 0);
	write_u32(&writer, stack->count);
	for (uint32_t i = 0; i < stack->count; i++)
		write_u64(&writer, stack->frames[i].code);
	record_commit(record);
	return recorder->first_id + recorder->stack_count;
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

uint32_t recorder_stack(struct recorder *recorder, uint32_t index)
{
	const struct shown_stack stack = stack_of_thread(recorder, index);
	struct known **bucket;
	struct known *known;
	uint64_t key = 0;

	if (!stack.count)
		return 0;
	for (uint32_t i = 0; i < stack.count; i++)
		key = hash_append(key, stack.frames[i].code);
	bucket = &recorder->stacks[key % RECORDER_BUCKETS];
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
	const struct target *target = &recorder->look->target;
	const struct target_range *range = target_find_range(target, address);

	for (size_t i = 0; range && !range->inode && i < target->thread_count; i++) {
		uint64_t sp = target->threads[i].registers[REGISTER_RSP];

		if (sp >= range->start && sp < range->end && address >= sp)
			return recorder->thread_ids[i];
	}
	return 0;
}

/* The same in all processes that have mapped the memory, or the file; 0: in this one only. */
static uint64_t key_of_object(const struct recorder *recorder, const struct object *object)
{
	const struct target_range *range =
		target_find_range(&recorder->look->target, object->address);

	if (object->kind == OBJECT_FILE_LOCK)
		return object->address;
	if (!range || !range->is_shared)
		return 0;
	return hash_append(hash_append(range->device, range->inode),
			   range->offset + (object->address - range->start)) |
	       1;
}

static uint32_t write_lock(struct recorder *recorder, const struct object *object)
{
	const char *name = object->name ? object->name : "";
	uint64_t key = key_of_object(recorder, object);
	struct byte_writer writer;
	struct record_header *record = recorder_begin(
		recorder, RECORD_LOCK, 7 * 4 + 8 + 4 + strlen(name) + (key ? 8 : 0), &writer);

	if (!record)
		return 0;
	write_u32(&writer, recorder->first_id + ++recorder->lock_count);
	write_u32(&writer, object->kind);
	write_u64(&writer, object->address);
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, thread_of_stack(recorder, object->address));
	write_u32(&writer, object->flags | (key ? LOCK_HAS_KEY : 0));
	write_string(&writer, name);
	if (key)
		write_u64(&writer, key);
	record_commit(record);
	return recorder->first_id + recorder->lock_count;
}

uint32_t recorder_lock(struct recorder *recorder, const struct object *object)
{
	uint64_t key = key_of_lock(object->kind, object->address);
	uint32_t id;

	if (!object->address || object->kind == OBJECT_KIND_COUNT ||
	    object->kind == OBJECT_THREAD || object->kind == OBJECT_CHANNEL)
		return 0;
	for (struct known *known = recorder->locks[key % RECORDER_BUCKETS]; known;
	     known = known->next)
		if (known->key == key)
			return known->id;
	id = write_lock(recorder, object);
	add_lock(recorder, key, id);
	return id;
}

struct object recorder_object(const struct wait *wait)
{
	return (struct object){wait->kind, wait->object, wait->state.flags, wait->name};
}

struct object recorder_mutex(const struct wait *wait)
{
	return (struct object){OBJECT_MUTEX, wait->mutex, wait->mutex_state.flags, NULL};
}

uint32_t recorder_thread(const struct recorder *recorder, uint32_t inner_id)
{
	struct target *target = &recorder->look->target;
	const struct target_thread *thread = target_find_thread(target, inner_id);

	return thread ? recorder->thread_ids[thread - target->threads] : 0;
}
