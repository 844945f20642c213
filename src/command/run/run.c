/* snarl run: runs PROGRAM with the guest library preloaded, then reports. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/atomic.h"
#include "command/base/arguments.h"
#include "command/run/keep_plan.h"
#include "command/run/launch.h"
#include "command/run/library.h"
#include "command/run/live.h"
#include "command/base/message.h"
#include "command/base/output.h"
#include "command/run/processes.h"
#include "command/run/program.h"
#include "command/base/results_file.h"
#include "finding/timeline.h"
#include "inspect/inspect.h"

struct run {
	struct options options;
	char **argv; /* PROGRAM and its arguments */
	struct program program;
	struct results_file results;
	struct live live;
	struct processes processes; /* that run on after the program */
	pid_t pid;
	int wait_status;
	bool is_timed_out;
};

/* Reads SNARL_OPTIONS first: the command line overrides it. */
static int read_options(struct run *run, const struct command_row *self, int argc, char **argv)
{
	struct options_error error;
	char line[512];
	int operand;
	int status;

	options_init(&run->options);
	if (!options_parse(&run->options, getenv("SNARL_OPTIONS"), &error)) {
		(void)options_describe_error(&error, line, sizeof(line));
		return command_fail("SNARL_OPTIONS: %s", line);
	}
	status = arguments_read(self, &run->options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	run->argv = argv + operand;
	return keep_plan_settle(&run->options) ? ARGUMENTS_READ : STATUS_FAILED;
}

/* SNARL_OPTIONS for the library: the user's own, then the options of the command line,
 * which override them.  Allocated; NULL if memory is exhausted. */
static char *make_settings(struct run *run)
{
	static char setting[3 * OPTIONS_TEXT_BYTES];
	const char *given = getenv("SNARL_OPTIONS");
	char *settings = NULL;
	size_t size_bytes;
	FILE *stream = open_memstream(&settings, &size_bytes);

	if (!stream)
		return NULL;
	run->options.results = run->results.path;
	run->options.set |= 1ull << OPTION_ID_results;
	fputs(given ? given : "", stream);
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		if (!(option_rows[i].where & TO_LIBRARY) ||
		    !options_is_set(&run->options, (enum option_id)i) ||
		    !options_write(&run->options, &option_rows[i], setting, sizeof(setting)))
			continue;
		fprintf(stream, "%s%s", ftell(stream) > 0 ? " " : "", setting);
	}
	return fclose(stream) ? NULL : settings;
}

/* 0 once the program runs, else the exit status after a message. */
static int start_program(struct run *run, const char *library)
{
	struct launch launch = {
		.path = run->program.path,
		.argv = run->argv,
		.wants_shell = run->program.wants_shell,
		.library = library,
		.settings = make_settings(run),
	};
	int problem = launch.settings ? launch_start(&launch, &run->pid) : ENOMEM;

	if (!problem)
		return 0;
	results_file_finish(&run->results, false);
	command_warn("%s: %s", run->argv[0], strerror(problem));
	return problem == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* Checks everything that can fail, then starts the program. */
static int start_run(struct run *run)
{
	int status = program_find(run->argv[0], &run->program);
	const char *library;

	if (!status)
		status = program_check(&run->program);
	if (!status)
		status = output_check(&run->options);
	if (status)
		return status;
	library = library_find();
	if (!library)
		return STATUS_FAILED;
	status = results_file_create(&run->results, run->options.save, true,
				     run->options.timeline);
	return status ? status : start_program(run, library);
}

/* Before all are killed. */
static void inspect_run(struct run *run)
{
	results_file_make_whole(&run->results);
	inspect_at_timeout(run->pid, run->results.image);
	for (uint32_t i = 0; i < run->processes.count; i++)
		inspect_at_timeout(run->processes.pids[i], run->results.image);
}

/* For waits and holds that nobody has seen the end of. */
static void note_end(const struct run *run)
{
	struct timeline_ring *ring = timeline_of(run->results.image);
	struct timespec now;

	if (ring && clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		ring->end_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* False: the program ran into --timeout. */
static bool wait_for_program(struct run *run)
{
	uint64_t timeout = run->options.timeout;

	if (timeout && timeout <= LIVE_PAUSE_MS)
		return launch_wait(run->pid, timeout, &run->wait_status);
	if (launch_wait(run->pid, LIVE_PAUSE_MS, &run->wait_status))
		return true;
	live_start(&run->live, &run->options, &run->results, run->argv[0], run->pid);
	return launch_wait(run->pid, timeout ? timeout - LIVE_PAUSE_MS : 0, &run->wait_status);
}

static void wait_for_end(struct run *run)
{
	struct results_header *header = (void *)run->results.image;

	if (!wait_for_program(run)) {
		run->is_timed_out = true;
		processes_find(&run->results, run->pid, &run->processes);
		inspect_run(run);
		processes_kill(&run->processes, run->pid);
		(void)launch_wait(run->pid, 0, &run->wait_status);
	}
	/* relaxed: readers of the file either come later or accept old values. */
	store_relaxed(&header->exit_status, (uint32_t)run->wait_status);
	store_relaxed(&header->is_ended, 1u);
	note_end(run);
	if (load_acquire(&header->is_ended_by_us))
		processes_await_end(&run->results);
	processes_find(&run->results, run->pid, &run->processes);
}

/* The exit status as a shell has it. */
static int status_of_program(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int report_run(struct run *run)
{
	const struct options *options = &run->options;
	const char *files[] = {run->results.path};
	struct output_task task = {
		.options = options,
		.files = files,
		.file_count = 1,
		.program = run->argv[0],
		.pid = run->pid,
		.shown = &run->live.shown,
		.running_count = run->processes.count,
		.status_else = run->is_timed_out && options->fail_on != FAIL_ON_NEVER
				       ? (int)options->exit_code
				       : status_of_program(run->wait_status),
	};

	if (!run->processes.is_observed)
		return command_fail("nothing was observed: the guest library did not start in %s",
				    run->argv[0]);
	if (run->is_timed_out)
		command_warn("%s ran into --timeout and was ended", run->argv[0]);
	return output_write(&task);
}

int command_run(const struct command_row *self, int argc, char **argv)
{
	static struct run run;
	int status = read_options(&run, self, argc, argv);

	if (status != ARGUMENTS_READ)
		return status;
	status = start_run(&run);
	if (status)
		return status;
	wait_for_end(&run);
	live_stop(&run.live);
	if (run.processes.count == 0)
		results_file_hide(&run.results);
	status = report_run(&run);
	results_file_finish(&run.results, run.processes.count > 0);
	return status;
}
