#include "inspect/process/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 128u

ssize_t procfs_read(pid_t pid, const char *name, char *text, size_t size_bytes)
{
	char path[PATH_BYTES];
	ssize_t length;
	int file;
	int problem;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	text[0] = '\0';
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	length = read(file, text, size_bytes - 1);
	problem = errno;
	(void)close(file);
	if (length < 0)
		return -problem;
	text[length] = '\0';
	return length;
}

bool procfs_number(const char *status, const char *key, int base, uint64_t *value)
{
	const char *line = strstr(status, key);

	while (line && line != status && line[-1] != '\n')
		line = strstr(line + 1, key);
	if (!line)
		return false;
	*value = strtoull(line + strlen(key), NULL, base);
	return true;
}

void procfs_link(pid_t pid, const char *name, char *path, size_t size_bytes)
{
	char link[PATH_BYTES];
	ssize_t length;

	(void)snprintf(link, sizeof(link), "/proc/%d/%s", (int)pid, name);
	length = readlink(link, path, size_bytes - 1);
	path[length > 0 ? length : 0] = '\0';
}

bool procfs_shares_namespace(pid_t pid, const char *name)
{
	char theirs[64];
	char ours[64];

	procfs_link(pid, name, theirs, sizeof(theirs));
	procfs_link(getpid(), name, ours, sizeof(ours));
	return !theirs[0] || !ours[0] || strcmp(theirs, ours) == 0;
}
