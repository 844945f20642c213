#include "command/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/report.h"

/* @path with each %p replaced by @pid; allocated, NULL if out of memory. */
static char *expand_pid(const char *path, pid_t pid)
{
	char *expanded = NULL;
	size_t size_bytes;
	FILE *stream = open_memstream(&expanded, &size_bytes);

	if (!stream)
		return NULL;
	for (; *path; path++) {
		if (path[0] == '%' && path[1] == 'p') {
			fprintf(stream, "%d", (int)pid);
			path++;
		} else {
			fputc(*path, stream);
		}
	}
	return fclose(stream) ? NULL : expanded;
}

/* 0 or an errno.  Leaves no trace. */
static int try_path(const char *path)
{
	struct stat status;
	bool exists = stat(path, &status) == 0;
	int file;

	if (exists && S_ISDIR(status.st_mode))
		return EISDIR;
	/* Opening a FIFO or a device could wait, or mean something. */
	if (exists && !S_ISREG(status.st_mode))
		return access(path, W_OK) ? errno : 0;
	file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (file < 0)
		return errno;
	(void)close(file);
	if (!exists)
		(void)unlink(path);
	return 0;
}

static int check_path(const char *path)
{
	char *expanded;
	int problem;

	if (!path || strcmp(path, "-") == 0)
		return 0;
	expanded = expand_pid(path, getpid());
	problem = expanded ? try_path(expanded) : ENOMEM;
	free(expanded);
	return problem ? command_fail("cannot write %s: %s", path, strerror(problem)) : 0;
}

int output_check(const struct options *options)
{
	return check_path(options->log) || check_path(options->json) ? STATUS_FAILED : 0;
}

static enum report_colour choose_colour(uint64_t choice)
{
	if (choice == COLOR_ALWAYS)
		return COLOUR_ALWAYS;
	return choice == COLOR_NEVER ? COLOUR_NEVER : COLOUR_AUTO;
}

static bool do_findings_count(const struct options *options, const struct report_outcome *outcome)
{
	static const enum severity least[] = {
		[FAIL_ON_ERROR] = SEVERITY_ERROR,
		[FAIL_ON_WARNING] = SEVERITY_WARNING,
		[FAIL_ON_NOTE] = SEVERITY_NOTE,
	};

	return options->fail_on != FAIL_ON_NEVER &&
	       report_count_from(outcome, least[options->fail_on]) > 0;
}

/* Where the text report goes: standard error, standard output or a file. */
static FILE *open_log(const char *log)
{
	if (!log)
		return stderr;
	return strcmp(log, "-") == 0 ? stdout : fopen(log, "we");
}

/* Before the report itself, which is then appended. */
static int write_blocked(const struct report_request *request, const char *log,
			 struct report_outcome *outcome)
{
	FILE *out = open_log(log);
	int result;

	if (!out)
		return command_fail("cannot write %s: %s", log, strerror(errno));
	result = report_write_blocked(request, out, outcome);
	if (result)
		(void)command_fail("%s", outcome->error);
	if (fflush(out))
		result = command_fail("cannot write %s", log ? log : "standard error");
	if (out != stderr && out != stdout)
		(void)fclose(out);
	return result;
}

/* Before the report itself, which is then appended. */
static int write_running(uint32_t count, const char *log)
{
	FILE *out = open_log(log);

	if (!out)
		return command_fail("cannot write %s: %s", log, strerror(errno));
	fprintf(out,
		"snarl: %u observed process%s still running: the report is of what they did so "
		"far\n",
		count, count == 1 ? " is" : "es are");
	if (fflush(out))
		return command_fail("cannot write %s", log ? log : "standard error");
	if (out != stderr && out != stdout)
		(void)fclose(out);
	return 0;
}

static int write_reports(const struct output_task *task, const char *log)
{
	static struct report_outcome outcome;
	const struct options *options = task->options;
	struct report_output outputs[2];
	struct report_request request = {
		.files = task->files,
		.file_count = task->file_count,
		.outputs = outputs,
		.program = task->program,
		.colour = choose_colour(options->color),
		.is_verbose = options->verbose,
		.with_stats = options->stats,
	};
	bool says_blocked = task->is_timed_out && !options->quiet;
	bool says_running = task->running_count > 0 && !task->is_timed_out && !options->quiet;

	if (says_blocked && write_blocked(&request, log, &outcome))
		return STATUS_FAILED;
	if (says_running && write_running(task->running_count, log))
		return STATUS_FAILED;
	if (!options->quiet)
		outputs[request.output_count++] =
			(struct report_output){"text", log, says_blocked || says_running};
	if (options->json)
		outputs[request.output_count++] =
			(struct report_output){"json", options->json, false};
	if (report_write(&request, &outcome))
		return command_fail("%s", outcome.error);
	return do_findings_count(options, &outcome) ? (int)options->exit_code : STATUS_FINE;
}

int output_write(const struct output_task *task)
{
	char *log = task->options->log ? expand_pid(task->options->log, task->pid) : NULL;
	int status;

	if (task->options->log && !log)
		return command_fail("out of memory");
	status = write_reports(task, log);
	free(log);
	return status;
}
