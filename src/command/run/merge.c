/* snarl merge: joins the results of several processes or runs, and reports. */
#include <string.h>

#include "command/base/arguments.h"
#include "command/base/message.h"
#include "command/base/output.h"
#include "reports/merge/merge.h"

static void print_warning(const char *message)
{
	command_warn("left out: %s", message);
}

int command_merge(const struct command_row *self, int argc, char **argv)
{
	static struct options options;
	struct output_task task = {.options = &options, .file_count = 1};
	size_t left_out;
	int operand;
	int status;
	int result;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (!options.output)
		return command_fail("merge: to which file? (-o OUT)");
	if (output_check(&options))
		return STATUS_FAILED;
	result = merge_files((const char *const *)(argv + operand), (size_t)(argc - operand),
			     options.output, print_warning, &left_out);
	if (result != 0)
		return command_fail("cannot write %s: %s", options.output, strerror(-result));
	task.files = &options.output;
	status = output_write(&task);
	return left_out ? STATUS_FAILED : status;
}
