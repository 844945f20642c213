#include "inspect/process/maps.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "inspect/process/procfs.h"

/* Reads one line; false if it is not of the usual form. */
static bool parse_line(struct target *target, char *line, const char *root,
		       struct target_range *range)
{
	unsigned long long start, end, offset, inode;
	unsigned major_number, minor_number;
	char rights[5];
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, rights, &offset,
		   &major_number, &minor_number, &inode, &path) < 7)
		return false;
	*range = (struct target_range){.start = start,
				       .end = end,
				       .offset = offset,
				       .device = makedev(major_number, minor_number),
				       .inode = inode,
				       .is_shared = rights[3] == 's',
				       .path = ""};
	if (line[path])
		range->path = pool_format(target->pool, "%s%s", line[path] == '/' ? root : "",
					  line + path);
	return true;
}

/* A module begins with its ELF header and goes on with neighbours of the same file. */
static void find_modules(struct target *target)
{
	for (size_t i = 0; i < target->range_count;) {
		const struct target_range *first = &target->ranges[i];
		bool is_code = strcmp(first->path, "[vdso]") == 0;
		size_t last = i;

		while (last + 1 < target->range_count && first->inode &&
		       target->ranges[last + 1].inode == first->inode &&
		       target->ranges[last + 1].device == first->device)
			last++;
		if (first->offset == 0 && (is_code || first->inode))
			target_add_module(target, first->path, first->start,
					  target->ranges[last].end);
		i = last + 1;
	}
}

int maps_read(struct target *target)
{
	char path[64];
	char root[64] = "";
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	/* A container's files are found through its root. */
	if (!procfs_shares_namespace(target->pid, "ns/mnt"))
		(void)snprintf(root, sizeof(root), "/proc/%d/root", (int)target->pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)target->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		struct target_range range;

		if (!parse_line(target, line, root, &range))
			continue;
		target->ranges =
			pool_grow(target->pool, target->ranges, target->range_count, sizeof(range));
		target->ranges[target->range_count++] = range;
	}
	free(line);
	(void)fclose(file);
	find_modules(target);
	return 0;
}
