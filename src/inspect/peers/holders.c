#include "inspect/peers/holders.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/process/procfs.h"

#define ACCESS_MODE 3u
#define READS_ONLY 0u
#define WRITES_ONLY 1u
#define STATUS_BYTES 4096u

struct search {
	pid_t asked; /* the process whose peers are looked for */
	uint64_t asked_start;
	struct wanted_end *ends;
	size_t count;
};

/* How descriptor @number is open: 0 for reading, 1 for writing, 2 for both. */
static uint64_t access_mode(pid_t pid, const char *number)
{
	char name[64];
	char text[256];
	uint64_t flags = 0;

	(void)snprintf(name, sizeof(name), "fdinfo/%.16s", number);
	if (procfs_read(pid, name, text, sizeof(text)) > 0)
		(void)procfs_number(text, "flags:", 8, &flags);
	return flags & ACCESS_MODE;
}

static void add_holder(struct wanted_end *end, pid_t asked, pid_t pid)
{
	char *name;

	if (pid == asked) {
		end->is_own = true;
		return;
	}
	if (end->other_count && end->others[(end->other_count - 1) % HOLDERS_SHOWN] == pid)
		return;
	if (end->other_count < HOLDERS_SHOWN) {
		name = end->names[end->other_count];
		(void)procfs_read(pid, "comm", name, sizeof(end->names[0]));
		name[strcspn(name, "\n")] = '\0';
		end->others[end->other_count] = pid;
	}
	end->other_count++;
}

static void match_descriptor(struct search *search, pid_t pid, const char *number)
{
	char name[64];
	char link[64];
	unsigned long long inode;
	bool is_pipe;

	(void)snprintf(name, sizeof(name), "fd/%.16s", number);
	procfs_link(pid, name, link, sizeof(link));
	is_pipe = sscanf(link, "pipe:[%llu]", &inode) == 1;
	if (!is_pipe && sscanf(link, "socket:[%llu]", &inode) != 1)
		return;
	for (size_t i = 0; i < search->count; i++) {
		struct wanted_end *end = &search->ends[i];

		if (end->inode != inode || end->is_pipe != is_pipe ||
		    (is_pipe &&
		     access_mode(pid, number) == (end->is_written ? READS_ONLY : WRITES_ONLY)))
			continue;
		add_holder(end, search->asked, pid);
	}
}

/* When it began, in ticks since the machine did; 0 if unknown. */
static uint64_t start_time(pid_t pid)
{
	static char text[STATUS_BYTES];
	char *next;

	if (procfs_read(pid, "stat", text, sizeof(text)) <= 0)
		return 0;
	/* Field 22; the second one, in parentheses, may contain anything. */
	next = strrchr(text, ')');
	for (int field = 2; next && field < 22; field++)
		next = strchr(next + 1, ' ');
	return next ? strtoull(next, NULL, 10) : 0;
}

/* One that may not be looked at and is older cannot have inherited a descriptor. */
static void note_unknown(struct search *search, pid_t pid)
{
	if (start_time(pid) < search->asked_start)
		return;
	for (size_t i = 0; i < search->count; i++)
		search->ends[i].has_unknown = true;
}

static void search_process(struct search *search, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder) {
		if (errno == EACCES || errno == EPERM)
			note_unknown(search, pid);
		return;
	}
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			match_descriptor(search, pid, entry->d_name);
	(void)closedir(folder);
}

void holders_find(pid_t pid, struct wanted_end *ends, size_t count)
{
	struct search search = {pid, start_time(pid), ends, count};
	struct dirent *entry;
	DIR *folder = count ? opendir("/proc") : NULL;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			search_process(&search, (pid_t)atol(entry->d_name));
	if (folder)
		(void)closedir(folder);
}
