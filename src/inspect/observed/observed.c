#include "inspect/observed/observed.h"

#include <string.h>

#define LIBRARY "libsnarl.so"
#define ANCESTORS_MAX 64u

static struct record_walk walk_all(const void *image)
{
	const struct results_header *header = image;

	return record_walk_begin(image, header->capacity_bytes);
}

/* Records are whole once they are committed, also while others are added. */
static struct results_header *read_image(struct target *target, uint64_t *start)
{
	struct results_header header;

	for (size_t i = 0; i < target->range_count; i++) {
		const struct target_range *range = &target->ranges[i];
		uint64_t size_bytes = range->end - range->start;
		struct results_header *image;

		if (!range->is_shared || size_bytes < RESULTS_RECORDS_OFFSET || range->offset ||
		    !target_read(target, range->start, &header, sizeof(header)) ||
		    header.magic != RESULTS_MAGIC || header.version != RESULTS_VERSION)
			continue;
		if (header.tail < size_bytes)
			size_bytes = header.tail;
		image = pool_alloc(target->pool, size_bytes);
		if (!target_read(target, range->start, image, size_bytes))
			continue;
		image->tail = image->capacity_bytes = size_bytes;
		*start = range->start;
		return image;
	}
	return NULL;
}

static struct results_slot *slots_of(void *image)
{
	return (struct results_slot *)(void *)((char *)image + RESULTS_SLOTS_OFFSET);
}

/* Threads go on: what has changed since it was copied is not the slot of one that waits. */
static void copy_slots(struct target *target, uint64_t start, void *from, void *image)
{
	static struct results_slot again[RESULTS_SLOT_COUNT];
	const struct results_slot *slots = slots_of(from);

	if (!target_read(target, start + RESULTS_SLOTS_OFFSET, again, sizeof(again)))
		return;
	for (size_t i = 0; i < RESULTS_SLOT_COUNT; i++)
		if (!memcmp(&slots[i], &again[i], sizeof(again[i])))
			slots_of(image)[i] = again[i];
}

static void copy_record(const struct record_header *from, void *image)
{
	struct record_header *record =
		record_reserve(image, from->type, from->process, from->payload_bytes, 0);

	if (!record)
		return;
	memcpy(record + 1, from + 1, from->payload_bytes);
	record_commit(record);
}

static bool is_wanted(enum record_type type)
{
	return type == RECORD_PROCESS || type == RECORD_MODULE || type == RECORD_STACK ||
	       type == RECORD_THREAD || type == RECORD_LOCK || type == RECORD_VARIABLE;
}

/* A process and those that it descends from, whose records it has inherited. */
struct line {
	uint32_t processes[ANCESTORS_MAX];
	uint32_t count;
};

/* A parent has a smaller number than its children; 0: none. */
static uint32_t find_parent(const void *image, uint32_t process)
{
	struct record_walk walk = walk_all(image);
	uint32_t parent = 0;

	while (record_walk_next(&walk))
		if (walk.record->type == RECORD_PROCESS && walk.record->process == process) {
			(void)read_u32(&walk.reader);
			parent = read_u32(&walk.reader);
		}
	return parent < process ? parent : 0;
}

static void find_line(const void *image, uint32_t process, struct line *line)
{
	for (; process && line->count < ANCESTORS_MAX; process = find_parent(image, process))
		line->processes[line->count++] = process;
}

static bool is_of_line(const struct line *line, uint32_t process)
{
	for (uint32_t i = 0; i < line->count; i++)
		if (line->processes[i] == process)
			return true;
	return false;
}

/* As it knows itself in its namespace. */
static uint32_t find_inner_pid(const struct target *target)
{
	for (size_t i = 0; i < target->thread_count; i++)
		if (target->threads[i].id == (uint32_t)target->pid)
			return target->threads[i].inner_id;
	return (uint32_t)target->pid;
}

uint32_t observed_find(const void *image, const struct target *target)
{
	struct record_walk walk = walk_all(image);
	uint32_t pid = find_inner_pid(target);
	uint32_t process = 0;

	while (record_walk_next(&walk))
		if (walk.record->type == RECORD_PROCESS && read_u32(&walk.reader) == pid)
			process = walk.record->process;
	return process;
}

void observed_copy(struct target *target, void *image)
{
	uint64_t start;
	struct results_header *from = read_image(target, &start);
	struct results_header *header = image;
	struct line line = {.count = 0};
	struct record_walk walk;

	if (!from)
		return;
	find_line(from, observed_find(from, target), &line);
	walk = walk_all(from);
	while (record_walk_next(&walk))
		if (is_of_line(&line, walk.record->process) && is_wanted(walk.record->type))
			copy_record(walk.record, image);
	copy_slots(target, start, from, image);
	header->process_count = from->process_count;
	header->slot_count = from->slot_count;
}

void observed_threads(const void *image, uint32_t process, struct target *target, uint32_t *ids)
{
	struct record_walk walk = walk_all(image);

	while (record_walk_next(&walk)) {
		uint32_t id;
		const struct target_thread *thread;

		if (walk.record->type != RECORD_THREAD || walk.record->process != process)
			continue;
		id = read_u32(&walk.reader);
		thread = target_find_thread(target, read_u32(&walk.reader));
		(void)read_u64(&walk.reader);
		if (!thread || walk.reader.failed)
			continue;
		ids[thread - target->threads] =
			read_u32(&walk.reader) & THREAD_HAS_ENDED ? 0 : id;
	}
}

static bool is_library(const struct target_module *module)
{
	const char *slash = module ? strrchr(module->path, '/') : NULL;

	return slash && !strcmp(slash + 1, LIBRARY);
}

void observed_drop_frames(struct target *target, struct target_thread *thread)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < thread->frame_count; i++)
		if (!is_library(target_find_module(target, thread->frames[i].code)))
			thread->frames[kept++] = thread->frames[i];
	thread->frame_count = kept;
}
