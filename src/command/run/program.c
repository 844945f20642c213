#include "command/run/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/base/message.h"
#include "elf/mapped_file.h"
#include "elf/privilege.h"
#include "elf/target.h"

/* The kernel follows so many interpreters that are scripts themselves. */
#define SCRIPT_DEPTH_MAX 5

/* 0 if @path can be executed, else an errno. */
static int find_obstacle(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno;
	if (!S_ISREG(status.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return EACCES;
	return 0;
}

static int report_obstacle(const char *name, int obstacle)
{
	command_warn("%s: %s", name, strerror(obstacle));
	return obstacle == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* "directory/name"; an empty directory is the current one. */
static char *join_path(const char *directory, size_t length, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s%s%s", (int)length, directory, length ? "/" : "./", name) < 0)
		return NULL;
	return path;
}

/* As execvp(): a file that cannot be executed is skipped, but its error is kept. */
static int search_path(const char *directories, const char *name, struct program *program)
{
	int obstacle = ENOENT;

	for (;;) {
		size_t length = strcspn(directories, ":");
		char *path = join_path(directories, length, name);
		int problem = path ? find_obstacle(path) : ENOMEM;

		if (problem == 0) {
			program->path = path;
			return 0;
		}
		free(path);
		if (problem != ENOENT && problem != ENOTDIR)
			obstacle = problem;
		if (!directories[length])
			return report_obstacle(name, obstacle);
		directories += length + 1;
	}
}

int program_find(const char *name, struct program *program)
{
	const char *directories = getenv("PATH");
	int obstacle;

	*program = (struct program){NULL, false};
	if (!*name)
		return report_obstacle("''", ENOENT);
	if (!strchr(name, '/'))
		return search_path(directories ? directories : "/bin:/usr/bin", name, program);
	obstacle = find_obstacle(name);
	if (obstacle)
		return report_obstacle(name, obstacle);
	program->path = strdup(name);
	return program->path ? 0 : command_fail("out of memory");
}

/* False: the file cannot be read. */
static bool inspect_file(const char *path, struct target *target)
{
	struct mapped_file file;
	int result = mapped_file_open(&file, path);

	if (result && result != -ENOEXEC)
		return false;
	target_inspect(result ? (const void *)"" : file.bytes, file.size_bytes, target);
	mapped_file_close(&file);
	return true;
}

static int report_unobservable(const char *name, const char *path, const char *reason,
			       const char *detail)
{
	const char *is_interpreter = strcmp(name, path) ? ", its interpreter " : "";

	return command_fail("cannot observe %s%s%s: %s%s%s%s", name, is_interpreter,
			    *is_interpreter ? path : "", reason, *detail ? " (" : "", detail,
			    *detail ? ")" : "");
}

static int check_target(struct program *program, const char *path, const struct target *target)
{
	const char *reason = target_reason(target->kind);

	if (reason)
		return report_unobservable(program->path, path, reason, target->detail);
	reason = privilege_reason(path);
	if (reason)
		return report_unobservable(program->path, path, reason, "");
	program->wants_shell = target->kind == TARGET_NOT_ELF;
	return 0;
}

int program_check(struct program *program)
{
	/* Two, as 'path' points into the last one while the next is filled. */
	static struct target targets[2];
	const char *path = program->path;

	for (int depth = 0; depth < SCRIPT_DEPTH_MAX; depth++) {
		struct target *target = &targets[depth % 2];
		int obstacle = find_obstacle(path);

		if (obstacle) {
			command_warn("%s: interpreter %s: %s", program->path, path,
				     strerror(obstacle));
			return obstacle == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
		}
		/* An unreadable program may be executable: try to observe it. */
		if (!inspect_file(path, target)) {
			target->kind = TARGET_OBSERVABLE;
			target->detail[0] = '\0';
		}
		if (target->kind != TARGET_SCRIPT)
			return check_target(program, path, target);
		path = target->detail;
	}
	return report_obstacle(program->path, ELOOP);
}
