#include "command/run/states.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "finding/results.h"
#include "reports/symbols/live_threads.h"

#define THREADS_MAX 1024u
#define NAME_BYTES 32u
#define STATE_UNTOLD 10u
/* Ids beyond those of the guest's own records. */
#define FIRST_ID 0x80000000u
/* A code generation in which all modules that were not unloaded are there. */
#define LAST_GENERATION 0xfffffffeu

struct thread_row {
	uint32_t kernel_id;
	uint32_t call; /* its number, or STATE_RUNS */
	uint64_t argument;
	uint32_t stack;
	char name[NAME_BYTES];
};

struct states {
	unsigned char *image;
	uint32_t process;    /* its number in the file */
	const char *library; /* whose frames are left out */
	uint64_t library_start, library_end;
	uint32_t next_id;
	uint32_t count;
	struct thread_row rows[THREADS_MAX];
};

/* --- Records ---------------------------------------------------------------- */

static struct record_header *begin_record(struct states *states, enum record_type type,
					  size_t size_bytes, struct byte_writer *writer)
{
	struct record_header *record =
		record_reserve(states->image, type, states->process, (uint32_t)size_bytes, 0);
	unsigned char *payload = (unsigned char *)(record + 1);

	if (record)
		*writer = (struct byte_writer){payload, payload + size_bytes, false};
	return record;
}

static void record_module(void *context, const struct live_module *module)
{
	struct states *states = context;
	struct byte_writer writer;
	struct record_header *record;

	if (!strcmp(module->path, states->library)) {
		states->library_start = module->start;
		states->library_end = module->end;
	}
	record = begin_record(states, RECORD_MODULE,
			      4 + 3 * 8 + 2 * 4 + 4 + strlen(module->path) + 4, &writer);
	if (!record)
		return;
	write_u32(&writer, states->next_id++);
	write_u64(&writer, module->start);
	write_u64(&writer, module->end);
	write_u64(&writer, module->bias);
	write_u32(&writer, LAST_GENERATION);
	write_u32(&writer, ~0u);
	write_string(&writer, module->path);
	write_string(&writer, "");
	record_commit(record);
}

static uint32_t record_stack(struct states *states, const uint64_t *frames, uint32_t count)
{
	struct byte_writer writer;
	struct record_header *record =
		begin_record(states, RECORD_STACK, 4 * 4 + count * sizeof(uint64_t), &writer);

	if (!record)
		return 0;
	write_u32(&writer, states->next_id);
	write_u32(&writer, LAST_GENERATION);
	write_u32(&writer, 0);
	write_u32(&writer, count);
	for (uint32_t i = 0; i < count; i++)
		write_u64(&writer, frames[i]);
	record_commit(record);
	return states->next_id++;
}

static void record_thread(void *context, pid_t thread, const uint64_t *frames, uint32_t count)
{
	struct states *states = context;
	uint64_t kept[LIVE_FRAMES_MAX];
	uint32_t kept_count = 0;

	for (uint32_t i = 0; i < count; i++)
		if (frames[i] < states->library_start || frames[i] >= states->library_end)
			kept[kept_count++] = frames[i];
	for (uint32_t i = 0; i < states->count && kept_count; i++)
		if (states->rows[i].kernel_id == (uint32_t)thread)
			states->rows[i].stack = record_stack(states, kept, kept_count);
}

static void record_states(struct states *states)
{
	size_t size_bytes = 2 * 4;
	struct byte_writer writer;
	struct record_header *record;

	for (uint32_t i = 0; i < states->count; i++)
		size_bytes += STATE_BYTES + strlen(states->rows[i].name);
	record = begin_record(states, RECORD_STATES, size_bytes, &writer);
	if (!record)
		return;
	write_u32(&writer, STATES_AT_TIMEOUT);
	write_u32(&writer, states->count);
	for (uint32_t i = 0; i < states->count; i++) {
		const struct thread_row *row = &states->rows[i];

		write_u32(&writer, row->kernel_id);
		write_u32(&writer, row->call);
		write_u64(&writer, row->argument);
		write_u32(&writer, row->stack);
		write_string(&writer, row->name);
		/* What it waits for the library has told. */
		for (unsigned left = 0; left < STATE_UNTOLD; left++)
			write_u32(&writer, 0);
	}
	record_commit(record);
}

/* --- What /proc tells --------------------------------------------------------- */

/* The first line of a file of a thread; empty if it cannot be read. */
static void read_line(pid_t pid, const char *thread, const char *name, char *line, int size_bytes)
{
	char path[64];
	FILE *file;

	line[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", (int)pid, thread, name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(line, size_bytes, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	(void)fclose(file);
}

/* The file has "running", or the call's number (-1: none) and its arguments. */
static void read_call(struct thread_row *row, const char *line)
{
	char *end;
	long number = strtol(line, &end, 10);

	row->call = end == line || number < 0 ? STATE_RUNS : (uint32_t)number;
	row->argument = strtoull(end, NULL, 16);
}

static void read_threads(struct states *states, pid_t pid)
{
	char path[64];
	char line[256];
	struct dirent *entry;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	folder = opendir(path);
	while (folder && states->count < THREADS_MAX && (entry = readdir(folder))) {
		struct thread_row *row = &states->rows[states->count];

		if (entry->d_name[0] == '.')
			continue;
		*row = (struct thread_row){.kernel_id = (uint32_t)atol(entry->d_name)};
		read_line(pid, entry->d_name, "comm", row->name, sizeof(row->name));
		read_line(pid, entry->d_name, "syscall", line, sizeof(line));
		read_call(row, line);
		states->count++;
	}
	if (folder)
		(void)closedir(folder);
}

/* The number of the program that process @pid runs now; 0 if it is not observed. */
static uint32_t find_process(const struct results_file *results, pid_t pid)
{
	const struct record_header *record;
	uint32_t process = 0;
	uint64_t offset = 0;
	uint64_t torn = 0;
	const char *why;

	while (results_next(results->image, results->size_bytes, &offset, &record, &torn, &why) >
	       0) {
		struct byte_reader reader = {
			(const unsigned char *)(record + 1),
			(const unsigned char *)(record + 1) + record->payload_bytes, false};

		if (record->type == RECORD_PROCESS && read_u32(&reader) == (uint32_t)pid)
			process = record->process;
	}
	return process;
}

void states_record(const struct results_file *results, pid_t pid, const char *library)
{
	static struct states states;
	const struct live_visitor visitor = {&states, record_module, record_thread};

	states.image = results->image;
	states.process = find_process(results, pid);
	states.library = library;
	states.library_start = states.library_end = 0;
	states.next_id = FIRST_ID;
	states.count = 0;
	if (!states.process)
		return;
	read_threads(&states, pid);
	live_visit(pid, &visitor);
	record_states(&states);
}
