/*
 * The exec family.
 *
 * All but execveat() and fexecve() are made of execve() and execvpe().  The
 * caller may be a child of vfork(), which shares our memory: it changes nothing
 * but atomic counters, the results file and its thread's rooms.
 */
#define _GNU_SOURCE
#include "preload/exec/wrap_exec.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/confinement/confinement.h"
#include "preload/results/bare.h"
#include "preload/exec/child_program.h"
#include "preload/channels/inner_ends.h"
#include "preload/guest/environment.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/guest/room.h"
#include "preload/results/sink.h"
#include "preload/guest/process_id.h"
#include "preload/process/observation.h"
#include "preload/process/wrap_process.h"

void execution_plan(struct execution *execution, const char *path, char *const *environment,
		    bool is_child)
{
	const char *obstacle = confinement_obstacle();

	*execution = (struct execution){.path = path, .environment = environment};
	if (guest_state == GUEST_EARLY)
		observation_begin();
	if (bare_is_unfollowed() || (process_hides_children() && is_child)) {
		execution->environment = environment_without_us(environment);
		return;
	}
	if (guest_state != GUEST_ON && !obstacle)
		return;
	execution->is_there = path && child_program_exists(path);
	if (!obstacle && execution->is_there)
		obstacle = child_program_obstacle(path);
	if (obstacle) {
		sink_unobserved(path ? path : "", obstacle);
		detector_count(&guest_detector, LOST_CHILDREN);
		execution->environment = environment_without_us(environment);
		return;
	}
	execution->environment = environment_with_us(environment);
	execution->is_expected = execution->is_there;
}

/* This process is about to execute another program: records its end. */
static void end_program(const struct execution *execution)
{
	observation_finish(false);
	sink_end(PROCESS_EXECS, 0);
	/* The program will not report. */
	if (!execution->is_expected && bare_is_reporter())
		bare_report(0);
}

/* Before the real call.  Returns the environment to pass. */
static char *const *begin_execution(struct execution *execution, const char *path,
				    char *const *environment)
{
	bool is_own = process_is_own();

	inner_shared(); /* in the child of vfork() */
	execution_plan(execution, path, environment, !is_own);
	if (is_own && execution->is_there)
		end_program(execution);
	if (execution->is_expected)
		sink_executes((uint32_t)kernel_call0(SYS_getpid), EXECUTES_SOON,
			      execution->path);
	return execution->environment;
}

/* The real call has returned -1. */
static int fail_execution(const struct execution *execution)
{
	if (execution->is_expected)
		sink_executes((uint32_t)kernel_call0(SYS_getpid), EXECUTES_FAILED,
			      execution->path);
	return -1;
}

static int execute_path(const char *path, char *const *arguments, char *const *environment)
{
	struct execution execution;

	environment = begin_execution(&execution, path, environment);
	REAL(execve)(path, arguments, environment);
	return fail_execution(&execution);
}

static int execute_searched(const char *name, char *const *arguments, char *const *environment)
{
	struct execution execution;

	environment = begin_execution(&execution, child_program_find(name), environment);
	REAL(execvpe)(name, arguments, environment);
	return fail_execution(&execution);
}

EXPORT int execve(const char *path, char *const arguments[], char *const environment[])
{
	return execute_path(path, arguments, environment);
}

EXPORT int execv(const char *path, char *const arguments[])
{
	return execute_path(path, arguments, environ);
}

EXPORT int execvp(const char *name, char *const arguments[])
{
	return execute_searched(name, arguments, environ);
}

EXPORT int execvpe(const char *name, char *const arguments[], char *const environment[])
{
	return execute_searched(name, arguments, environment);
}

EXPORT int fexecve(int descriptor, char *const arguments[], char *const environment[])
{
	struct execution execution;

	environment = begin_execution(&execution, child_program_at(descriptor, NULL), environment);
	REAL(fexecve)(descriptor, arguments, environment);
	return fail_execution(&execution);
}

EXPORT int execveat(int folder, const char *path, char *const arguments[],
		    char *const environment[], int flags)
{
	struct execution execution;
	const char *program = path;

	if (!*path)
		program = child_program_at(folder, NULL);
	else if (*path != '/' && folder != AT_FDCWD)
		program = child_program_at(folder, path);
	environment = begin_execution(&execution, program, environment);
	REAL(execveat)(folder, path, arguments, environment, flags);
	return fail_execution(&execution);
}

/* Their number, with @first and the NULL at the end. */
static size_t count_arguments(const char *first, va_list *list)
{
	size_t count = 1;

	for (const char *argument = first; argument; count++)
		argument = va_arg(*list, const char *);
	return count;
}

/* Makes a list that begins with @first, in the thread's room; NULL without
 * memory.  @list is then behind the NULL. */
static char **gather_arguments(const char *first, va_list *list)
{
	va_list counted;
	char **arguments;
	size_t count;

	va_copy(counted, *list);
	count = count_arguments(first, &counted);
	va_end(counted);
	arguments = room_take(ROOM_ARGUMENTS, count * sizeof(*arguments));
	if (!arguments)
		return NULL;
	arguments[0] = (char *)(uintptr_t)first;
	for (size_t i = 1; i < count; i++)
		arguments[i] = va_arg(*list, char *);
	return arguments;
}

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list list;
	char **arguments;

	va_start(list, first);
	arguments = gather_arguments(first, &list);
	va_end(list);
	return execute_path(path, arguments, environ);
}

EXPORT int execlp(const char *name, const char *first, ...)
{
	va_list list;
	char **arguments;

	va_start(list, first);
	arguments = gather_arguments(first, &list);
	va_end(list);
	return execute_searched(name, arguments, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	va_list list;
	char **arguments;
	char *const *environment;

	va_start(list, first);
	arguments = gather_arguments(first, &list);
	environment = va_arg(list, char *const *);
	va_end(list);
	return execute_path(path, arguments, environment);
}
