/* snarl ps: what the threads of a process or core wait for, and who has that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/base/arguments.h"
#include "command/base/message.h"
#include "command/base/output.h"
#include "command/base/results_file.h"
#include "inspect/inspect.h"

/* 0: it is no number of a process. */
static pid_t read_pid(const char *operand)
{
	char *end;
	long number = strtol(operand, &end, 10);

	return *operand && !*end && number > 0 && number <= 4194304 ? (pid_t)number : 0;
}

static int look(const struct options *options, const char *operand, struct results_file *results)
{
	struct pool pool = {0};
	char why[TARGET_MESSAGE_BYTES];
	pid_t pid = read_pid(operand);
	bool is_fine = pid ? inspect_process(pid, options->watch, results->image, &pool, why)
			   : inspect_core(operand, results->image, &pool, why);

	pool_free(&pool);
	return is_fine ? STATUS_FINE : command_fail("ps: %s", why);
}

static int report_look(const struct options *options, const char *operand)
{
	struct results_file results;
	int status = results_file_create(&results, NULL, false, false);
	const char *files[] = {results.path};
	struct output_task task = {
		.options = options,
		.files = files,
		.file_count = 1,
		.program = NULL,
		.pid = read_pid(operand),
	};

	if (status)
		return status;
	status = look(options, operand, &results);
	if (!status)
		status = output_write(&task);
	results_file_finish(&results, false);
	return status;
}

int command_ps(const struct command_row *self, int argc, char **argv)
{
	static struct options options;
	struct options_error error;
	int operand;
	int status;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (argc - operand > 1)
		return command_fail("ps: one process at a time");
	/* What ps prints is what it was asked for, not a remark beside it. */
	if (!options_text(&options, OPTION_ID_log))
		(void)options_set(&options, &option_rows[OPTION_ID_log], "-", &error);
	return output_check(&options) ? STATUS_FAILED : report_look(&options, argv[operand]);
}
