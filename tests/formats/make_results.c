/*
 * Writes a results file that is as large as results may become, to see what formats cost.
 *
 * usage: make_results PROGRAM FINDINGS LOCKS FILE
 *
 * The stacks have addresses of PROGRAM's code, so that names and lines are looked up as they
 * are for a real run.
 */
#include <elf.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/merge/merged_file.h"

#define THREADS 200u
#define FRAMES 6u
#define SITES 4000u
#define STACKS 20000u
#define ORIGINS 400u /* of locks: stacks that create them */

struct results {
	struct merged_file file;
	unsigned char payload[4096];
	struct byte_writer writer;
	uint64_t code_start, code_bytes;
	uint64_t random;
	uint32_t lock_count;
};

/* Steele, Lea and Flood: SplitMix64. */
static uint64_t draw(struct results *results)
{
	uint64_t value = results->random += 0x9e3779b97f4a7c15u;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

static uint32_t draw_below(struct results *results, uint32_t end)
{
	return (uint32_t)(draw(results) % end);
}

static struct byte_writer *begin_record(struct results *results)
{
	results->writer = (struct byte_writer){results->payload,
					       results->payload + sizeof(results->payload), false};
	return &results->writer;
}

static void add_record(struct results *results, enum record_type type)
{
	if (!merged_file_add(&results->file, type, 1, results->payload,
			     (uint32_t)(results->writer.next - results->payload), 0))
		errx(2, "no memory");
}

/* Where in the file's addresses its code is. */
static void find_code(struct results *results, const char *path)
{
	FILE *file = fopen(path, "re");
	Elf64_Ehdr head;
	Elf64_Phdr part = {0};

	if (!file || fread(&head, sizeof(head), 1, file) != 1)
		err(2, "%s", path);
	fseek(file, (long)head.e_phoff, SEEK_SET);
	while (fread(&part, sizeof(part), 1, file) == 1 && !(part.p_flags & PF_X))
		;
	fclose(file);
	results->code_start = part.p_vaddr;
	results->code_bytes = part.p_memsz;
}

static void add_process(struct results *results, const char *path)
{
	struct byte_writer *writer = begin_record(results);

	write_u32(writer, 4711);
	write_u32(writer, 0);
	write_u32(writer, PROCESS_STARTED);
	write_string(writer, path);
	write_u32(writer, 0);
	add_record(results, RECORD_PROCESS);
	writer = begin_record(results);
	write_u32(writer, 1);
	write_u64(writer, results->code_start);
	write_u64(writer, results->code_start + results->code_bytes);
	write_u64(writer, 0);
	write_u32(writer, 0);
	write_u32(writer, UINT32_MAX);
	write_string(writer, path);
	write_string(writer, "");
	add_record(results, RECORD_MODULE);
}

static void add_stack(struct results *results, uint32_t id)
{
	struct byte_writer *writer = begin_record(results);
	uint64_t apart = results->code_bytes / SITES;

	write_u32(writer, id);
	write_u32(writer, 0);
	write_u32(writer, 0);
	write_u32(writer, FRAMES);
	for (unsigned i = 0; i < FRAMES; i++)
		write_u64(writer, results->code_start + 1 + draw_below(results, SITES) * apart);
	add_record(results, RECORD_STACK);
}

static void add_thread(struct results *results, uint32_t id)
{
	struct byte_writer *writer = begin_record(results);
	char name[32];

	snprintf(name, sizeof(name), id == 1 ? "main" : "worker-%u", id);
	write_u32(writer, id);
	write_u32(writer, 4710 + id);
	write_u32(writer, id == 1 ? 0 : 1);
	write_u32(writer, id == 1 ? 0 : 1 + draw_below(results, ORIGINS));
	write_u32(writer, id == 1 ? THREAD_IS_MAIN : 0);
	write_string(writer, name);
	add_record(results, RECORD_THREAD);
}

/* One in ten has a name. */
static void add_lock(struct results *results, uint32_t id)
{
	struct byte_writer *writer = begin_record(results);
	char name[32] = "";

	if (id % 10 == 0)
		snprintf(name, sizeof(name), "table[%u].lock", id);
	write_u32(writer, id);
	write_u32(writer, OBJECT_MUTEX);
	write_u64(writer, 0x7f0000000000u + id * 64u);
	write_u32(writer, id % ORIGINS);
	write_u32(writer, 1 + id % ORIGINS);
	write_u32(writer, 1 + draw_below(results, STACKS));
	write_u32(writer, 0);
	write_u32(writer, 0);
	write_string(writer, name);
	add_record(results, RECORD_LOCK);
}

static struct finding_event *add_event(struct results *results, struct finding *finding,
				       thread_id thread, enum finding_action action, lock_id lock)
{
	struct finding_event *event = &finding->events[finding->event_count++];

	*event = (struct finding_event){
		.thread = thread,
		.action = action,
		.lock = lock,
		.stack = 1 + draw_below(results, STACKS),
	};
	return event;
}

/* A ring of @length threads. */
static void add_ring(struct results *results, struct finding *finding, uint32_t length)
{
	uint32_t first = 1 + draw_below(results, results->lock_count);
	thread_id thread = 2 + draw_below(results, THREADS - length - 1);

	for (uint32_t i = 0; i < length; i++) {
		lock_id lock = 1 + (first + i * 17) % results->lock_count;
		lock_id next = 1 + (first + (i + 1) % length * 17) % results->lock_count;

		add_event(results, finding, thread + i, ACTION_HOLD, lock);
		add_event(results, finding, thread + i, ACTION_WAIT, next);
	}
}

static void add_variable(struct results *results, uint64_t address, uint32_t id)
{
	struct byte_writer *writer = begin_record(results);
	char name[32];

	snprintf(name, sizeof(name), "counter_%u", id);
	write_u64(writer, address);
	write_u64(writer, 8);
	write_string(writer, name);
	add_record(results, RECORD_VARIABLE);
}

static void add_race(struct results *results, struct finding *finding, uint32_t id)
{
	thread_id thread = 2 + draw_below(results, THREADS - 2);
	uint64_t address = 0x7e0000000000u + id * 64u;
	enum finding_action action =
		finding->kind == FINDING_LOST_UPDATE ? ACTION_UPDATE : ACTION_WRITE;

	add_variable(results, address, id);
	for (unsigned i = 0; i < 2; i++) {
		struct finding_event *event = add_event(results, finding, thread + i, action, 0);

		event->address = address;
		event->size_bytes = 8;
		event->hold_count = 1;
		event->holds[0] =
			(struct finding_hold){.lock = 1 + draw_below(results, results->lock_count),
					      .stack = 1 + draw_below(results, STACKS)};
	}
}

static void add_finding(struct results *results, uint32_t id)
{
	static const enum finding_kind kinds[] = {FINDING_LOCK_ORDER_INVERSION, FINDING_DATA_RACE,
						  FINDING_LOST_UPDATE, FINDING_LOCK_ORDER_CYCLE};
	static struct finding finding;

	finding = (struct finding){.id = id, .kind = kinds[id % 4]};
	finding.severity = finding_kind_severity(finding.kind);
	if (finding.kind == FINDING_LOCK_ORDER_INVERSION)
		add_ring(results, &finding, 2);
	else if (finding.kind == FINDING_LOCK_ORDER_CYCLE)
		add_ring(results, &finding, 4);
	else
		add_race(results, &finding, id);
	if (!merged_file_add_finding(&results->file, RECORD_FINDING, 1, &finding, 1 + id % 7))
		errx(2, "no memory");
}

/* From each lock to the next one. */
static void add_order(struct results *results, uint32_t id)
{
	static struct finding order;
	thread_id thread = 2 + draw_below(results, THREADS - 2);

	order = (struct finding){
		.id = id, .kind = FINDING_LOCK_ORDER_INVERSION, .severity = SEVERITY_ERROR};
	add_event(results, &order, thread, ACTION_HOLD, id);
	add_event(results, &order, thread, ACTION_WAIT, id + 1);
	if (!merged_file_add_finding(&results->file, RECORD_ORDER, 1, &order, 1))
		errx(2, "no memory");
}

int main(int argc, char **argv)
{
	static struct results results;
	uint32_t finding_count;

	if (argc != 5)
		errx(2, "usage: make_results PROGRAM FINDINGS LOCKS FILE");
	finding_count = (uint32_t)atoi(argv[2]);
	results.lock_count = (uint32_t)atoi(argv[3]);
	if (!merged_file_begin(&results.file))
		errx(2, "no memory");
	find_code(&results, argv[1]);
	add_process(&results, argv[1]);
	for (uint32_t i = 1; i <= STACKS; i++)
		add_stack(&results, i);
	for (uint32_t i = 1; i <= THREADS; i++)
		add_thread(&results, i);
	for (uint32_t i = 1; i <= results.lock_count; i++)
		add_lock(&results, i);
	for (uint32_t i = 1; i < results.lock_count; i++)
		add_order(&results, i);
	for (uint32_t i = 1; i <= finding_count; i++)
		add_finding(&results, i);
	results.file.process_count = 1;
	return merged_file_write(&results.file, argv[4]) == 0 ? 0 : 2;
}
