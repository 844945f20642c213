/*
 * posix_spawn, system, popen: libc executes programs there without calling the
 * exec family by its symbols.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload/channels/inner_ends.h"
#include "preload/exec/child_program.h"
#include "preload/guest/environment.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/process/children.h"
#include "preload/results/sink.h"
#include "preload/exec/wrap_exec.h"
#include "preload/process/wrap_process.h"

/* The child runs already, and may have recorded itself. */
static void note_spawned(const struct execution *execution, const pid_t *child)
{
	inner_shared();
	if (execution->is_expected)
		sink_executes((uint32_t)*child, EXECUTES_SPAWNED, execution->path);
}

EXPORT int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const arguments[],
		       char *const environment[])
{
	struct execution execution;
	pid_t unwanted;
	int result;

	if (!child)
		child = &unwanted;
	/* The actions may change the working directory first. */
	execution_plan(&execution, actions && *path != '/' ? NULL : path, environment, true);
	children_begin();
	result = REAL(posix_spawn)(child, path, actions, attributes, arguments,
				   execution.environment);
	if (result == 0)
		note_spawned(&execution, child);
	return result;
}

EXPORT int posix_spawnp(pid_t *child, const char *name, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const arguments[],
			char *const environment[])
{
	struct execution execution;
	const char *path = child_program_find(name);
	pid_t unwanted;
	int result;

	if (!child)
		child = &unwanted;
	execution_plan(&execution, actions && path && *path != '/' ? NULL : path, environment,
		       true);
	children_begin();
	result = REAL(posix_spawnp)(child, name, actions, attributes, arguments,
				    execution.environment);
	if (result == 0)
		note_spawned(&execution, child);
	return result;
}

/* The shell itself gets the program's environment, which must not be changed
 * while other threads may read it.  The command makes the shell pass our
 * variables on. */
static const char *prepare_command(const char *command)
{
	if (guest_state != GUEST_ON || process_hides_children() || !command)
		return command;
	return environment_for_shell(environ, command);
}

EXPORT int system(const char *command)
{
	int status = REAL(system)(prepare_command(command));

	inner_shared();
	return status;
}

EXPORT FILE *popen(const char *command, const char *mode)
{
	FILE *stream = REAL(popen)(prepare_command(command), mode);

	inner_shared();
	return stream;
}
