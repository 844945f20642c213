#include "inspect/process/thread_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/process/procfs.h"

/* The file has "running", or the call's number (-1: none), its arguments, the stack pointer
 * and where the thread goes on. */
bool thread_files_read_call(const struct target *target, struct target_thread *thread)
{
	char name[64];
	char line[256];
	char *next;
	long number;

	(void)snprintf(name, sizeof(name), "task/%u/syscall", thread->id);
	if (procfs_read(target->pid, name, line, sizeof(line)) <= 0)
		return false;
	thread->call = STATE_RUNS;
	number = strtol(line, &next, 10);
	if (next == line)
		return true;
	for (size_t i = 0; i < TARGET_ARGUMENTS && number >= 0; i++)
		thread->arguments[i] = strtoull(next, &next, 16);
	if (number >= 0)
		thread->call = (uint32_t)number;
	thread->registers[REGISTER_RSP] = strtoull(next, &next, 16);
	thread->registers[REGISTER_RIP] = strtoull(next, &next, 16);
	thread->known = 1u << REGISTER_RSP | 1u << REGISTER_RIP;
	return thread->registers[REGISTER_RSP] != 0;
}

static void read_name(const struct target *target, struct target_thread *thread)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "task/%u/comm", thread->id);
	(void)procfs_read(target->pid, name, thread->name, sizeof(thread->name));
	thread->name[strcspn(thread->name, "\n")] = '\0';
}

/* The last of its ids, which is that in its own namespace. */
static uint32_t read_inner_id(const struct target *target, uint32_t id)
{
	static char status[4096];
	char name[64];
	char *line;
	char *end;

	(void)snprintf(name, sizeof(name), "task/%u/status", id);
	if (procfs_read(target->pid, name, status, sizeof(status)) <= 0)
		return id;
	line = strstr(status, "\nNSpid:");
	if (!line)
		return id;
	line++;
	line[strcspn(line, "\n")] = '\0';
	end = strrchr(line, '\t');
	return end ? (uint32_t)strtoul(end, NULL, 10) : id;
}

static int compare_threads(const void *left, const void *right)
{
	const struct target_thread *a = left;
	const struct target_thread *b = right;

	return a->inner_id < b->inner_id ? -1 : a->inner_id > b->inner_id;
}

bool thread_files_list(struct target *target)
{
	bool is_inner = !procfs_shares_namespace(target->pid, "ns/pid");
	char path[64];
	struct dirent *entry;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)target->pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		struct target_thread thread = {.id = (uint32_t)atol(entry->d_name)};

		/* One that has ended since counts no more. */
		if (entry->d_name[0] == '.' || !thread_files_read_call(target, &thread))
			continue;
		thread.inner_id = is_inner ? read_inner_id(target, thread.id) : thread.id;
		read_name(target, &thread);
		target->threads = pool_grow(target->pool, target->threads, target->thread_count,
					    sizeof(thread));
		target->threads[target->thread_count++] = thread;
	}
	if (folder)
		(void)closedir(folder);
	if (target->thread_count)
		qsort(target->threads, target->thread_count, sizeof(*target->threads),
		      compare_threads);
	return target->thread_count != 0;
}
