#define _GNU_SOURCE
#include "preload/exec/child_program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "elf/mapped_file.h"
#include "elf/privilege.h"
#include "elf/target.h"
#include "preload/guest/environment.h"
#include "preload/guest/room.h"

#define SCRIPT_DEPTH_MAX 5 /* the kernel's limit of nested interpreters */
#define PATH_DEFAULT "/bin:/usr/bin"

bool child_program_exists(const char *path)
{
	struct stat status; /* on x86-64 the same for the kernel and glibc */

	return kernel_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0) == 0;
}

const char *child_program_find(const char *name)
{
	const char *folders = getenv("PATH");
	size_t name_bytes = strlen(name) + 1;
	char *path;

	if (strchr(name, '/'))
		return name;
	if (!folders)
		folders = PATH_DEFAULT;
	path = room_take(ROOM_PATH, strlen(folders) + name_bytes + 2);
	for (; path && *name; folders++) {
		size_t length = strcspn(folders, ":");

		memcpy(path, folders, length);
		if (length > 0)
			path[length] = '/';
		memcpy(path + length + (length > 0), name, name_bytes);
		if (environment_is_executable(path))
			return path;
		folders += length;
		if (!*folders)
			break;
	}
	return NULL;
}

const char *child_program_at(int descriptor, const char *name)
{
	static const char folder[] = "/proc/self/fd/";
	size_t name_bytes = name ? strlen(name) + 1 : 0;
	char digits[16];
	size_t first = sizeof(digits) - 1;
	uint32_t number = (uint32_t)descriptor;
	char *path = room_take(ROOM_PATH, sizeof(folder) + sizeof(digits) + name_bytes + 1);
	size_t at = sizeof(folder) - 1;

	if (!path)
		return "";
	digits[first] = '\0';
	do
		digits[--first] = (char)('0' + number % 10);
	while (number /= 10);
	memcpy(path, folder, at);
	memcpy(path + at, digits + first, sizeof(digits) - first);
	at += sizeof(digits) - first - 1;
	if (name) {
		path[at] = '/';
		memcpy(path + at + 1, name, name_bytes);
	}
	return path;
}

const char *child_program_obstacle(const char *path)
{
	/* Two, as the path of the next one is in the one before. */
	struct target targets[2];

	for (int depth = 0; depth < SCRIPT_DEPTH_MAX; depth++) {
		struct target *target = &targets[depth % 2];
		struct mapped_file file;

		if (mapped_file_open(&file, path) != 0)
			return NULL;
		target_inspect(file.bytes, file.size_bytes, target);
		mapped_file_close(&file);
		if (target->kind == TARGET_DAMAGED)
			return NULL;
		if (target->kind != TARGET_SCRIPT) {
			const char *reason = target_reason(target->kind);

			return reason ? reason : privilege_reason(path);
		}
		path = target->detail;
	}
	return NULL;
}
