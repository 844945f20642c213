#include "command/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/base/installed.h"
#include "command/base/message.h"
#include "reports/report.h"
#include "reports/view/shown.h"

#define RUNTIMES "runtimes.suppressions"
#define COLUMNS_DEFAULT 100
#define COLUMNS_LEAST 60

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

/* 0 if @path can be written, else an errno.  Leaves no file behind. */
static int try_path(const char *path)
{
	struct stat status;
	bool exists = stat(path, &status) == 0;
	int file;

	if (exists && S_ISDIR(status.st_mode))
		return EISDIR;
	/* Opening a FIFO may block, and opening a device may have an effect. */
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

/* By what other programs go by, too: https://no-color.org. */
static bool wants_no_colour(void)
{
	const char *wish = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return (wish && *wish) || (terminal && strcmp(terminal, "dumb") == 0);
}

static enum report_colour choose_colour(uint64_t choice)
{
	if (choice == COLOR_ALWAYS)
		return COLOUR_ALWAYS;
	return choice == COLOR_NEVER || wants_no_colour() ? COLOUR_NEVER : COLOUR_AUTO;
}

/* Of the terminal, as the shell says it or the kernel. */
static unsigned count_columns(void)
{
	const char *given = getenv("COLUMNS");
	unsigned long columns = given ? strtoul(given, NULL, 10) : 0;
	struct winsize size;

	if (!columns && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (!columns)
		return COLUMNS_DEFAULT;
	return columns < COLUMNS_LEAST ? COLUMNS_LEAST : (unsigned)columns;
}

/* The file of what is known of runtimes; NULL if it is not there. */
static const char *find_runtimes(void)
{
	static char *path;

	if (!path)
		path = installed_find(RUNTIMES, "../share/snarl/" RUNTIMES,
				      PKGDATADIR "/" RUNTIMES);
	return path;
}

static struct view_options make_view_options(const struct options *options)
{
	return (struct view_options){
		.kinds = options_checked_kinds(options),
		.suppressions = options->suppressions.values,
		.suppression_count = options->suppressions.count,
		.default_suppressions = options->default_suppressions ? find_runtimes() : NULL,
		.baseline = options->baseline,
		.order = options->order,
		.generates_suppressions = options->gen_suppressions,
		.fails_from = options_fails_from(options),
		.status_failed = (int)options->exit_code,
		.colour = choose_colour(options->color),
		.columns = options->verbose ? 0 : count_columns(),
		.is_verbose = options->verbose,
		.with_stats = options->stats,
	};
}

int output_check(const struct options *options)
{
	struct view_options view = make_view_options(options);
	char error[512];

	if (!view.kinds)
		return command_fail("--check and --no-check leave no kind of finding to look for");
	if (report_check(&view, error, sizeof(error)))
		return command_fail("%s", error);
	for (unsigned i = 0; i < FORMAT_COUNT; i++)
		if (check_path(options_text(options, report_formats[i].option)))
			return STATUS_FAILED;
	return 0;
}

/* The outputs to write. */
struct outputs {
	struct report_output list[FORMAT_COUNT];
	char *paths[FORMAT_COUNT]; /* allocated */
	size_t count;
};

static bool has_shown(const struct output_task *task)
{
	return task->shown && task->shown->count;
}

/* False if memory is exhausted. */
static bool choose_outputs(struct outputs *outputs, const struct output_task *task)
{
	for (unsigned i = 0; i < FORMAT_COUNT; i++) {
		const struct report_format *format = &report_formats[i];
		const char *path = options_text(task->options, format->option);

		if ((format->is_default ? task->options->quiet : !path) ||
		    (task->is_live && !format->is_live))
			continue;
		if (path)
			outputs->paths[i] = expand_pid(path, task->pid);
		if (path && !outputs->paths[i])
			return false;
		outputs->list[outputs->count++] =
			(struct report_output){format, outputs->paths[i],
					       format->is_live && has_shown(task)};
	}
	return true;
}

/* Writes the note on the run itself, which stands before the report. */
static int write_note(struct report_output *output, const struct output_task *task)
{
	const char *where = output->path ? output->path : "standard error";
	uint32_t count = task->running_count;
	FILE *out;

	if (!output->format->is_default || !count)
		return 0;
	out = report_open(output);
	if (!out)
		return command_fail("cannot write %s: %s", where, strerror(errno));
	fprintf(out,
		"snarl: %u observed process%s still running: the report is of what they did so "
		"far\n",
		count, count == 1 ? " is" : "es are");
	output->is_appended = true;
	return report_close(out) ? command_fail("cannot write %s", where) : 0;
}

static int write_outputs(struct outputs *outputs, const struct output_task *task,
			 struct report_outcome *outcome)
{
	static char directory[PATH_MAX];
	const struct options *options = task->options;
	struct report_request request = {
		.files = task->files,
		.file_count = task->file_count,
		.outputs = outputs->list,
		.output_count = outputs->count,
		.view = make_view_options(options),
	};

	request.view.program = task->program;
	request.view.shown = task->shown;
	request.view.is_live = task->is_live;
	request.view.status_else = task->status_else;
	request.view.directory = getcwd(directory, sizeof(directory));
	return report_write(&request, outcome);
}

static void free_outputs(struct outputs *outputs)
{
	for (unsigned i = 0; i < FORMAT_COUNT; i++)
		free(outputs->paths[i]);
}

int output_write(const struct output_task *task)
{
	static struct report_outcome outcome;
	struct outputs outputs = {.count = 0};
	const struct options *options = task->options;
	int result;

	if (!choose_outputs(&outputs, task))
		return command_fail("out of memory");
	for (size_t i = 0; i < outputs.count; i++)
		if (write_note(&outputs.list[i], task))
			return STATUS_FAILED;
	result = write_outputs(&outputs, task, &outcome);
	free_outputs(&outputs);
	if (result)
		return command_fail("%s", outcome.error);
	return options_fail_on(options, outcome.finding_counts) ? (int)options->exit_code
								: task->status_else;
}

bool output_is_live(const struct options *options)
{
	const struct output_task task = {.options = options, .is_live = true};
	struct outputs outputs = {.count = 0};
	bool is_live = options->live && choose_outputs(&outputs, &task) && outputs.count;

	free_outputs(&outputs);
	return is_live;
}

void output_write_due(const struct output_task *task)
{
	static struct report_outcome outcome;
	struct outputs outputs = {.count = 0};

	if (choose_outputs(&outputs, task))
		(void)write_outputs(&outputs, task, &outcome);
	free_outputs(&outputs);
}
