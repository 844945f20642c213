#include "inspect/peers/file_locks.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* "7: POSIX  ADVISORY  WRITE 4711 08:01:5678 0 EOF"; those that wait for it follow, each with
 * the same number and an arrow. */
struct lock_row {
	int number;
	bool waits;
	int pid;
	uint64_t device;
	unsigned long long inode;
};

static bool parse_row(const char *line, struct lock_row *row)
{
	unsigned major_number, minor_number;
	int length = 0;

	if (sscanf(line, "%d: %n", &row->number, &length) < 1)
		return false;
	row->waits = strncmp(line + length, "-> ", 3) == 0;
	if (sscanf(line + length + (row->waits ? 3 : 0), "%*s %*s %*s %d %x:%x:%llu", &row->pid,
		   &major_number, &minor_number, &row->inode) < 4)
		return false;
	row->device = makedev(major_number, minor_number);
	return true;
}

pid_t file_lock_holder(pid_t pid, uint64_t device, uint64_t inode)
{
	struct lock_row holder = {.pid = 0};
	struct lock_row row;
	char line[256];
	pid_t found = 0;
	FILE *file = fopen("/proc/locks", "re");

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (!parse_row(line, &row))
			continue;
		if (!row.waits)
			holder = row;
		else if (row.pid == pid && row.number == holder.number && row.inode == inode &&
			 row.device == device && holder.pid > 0)
			found = holder.pid;
	}
	if (file)
		(void)fclose(file);
	return found;
}
