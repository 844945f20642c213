/* snarl report: renders saved results. */
#include "command/base/arguments.h"
#include "command/base/message.h"
#include "command/base/output.h"

int command_report(const struct command_row *self, int argc, char **argv)
{
	static struct options options;
	struct output_task task = {.options = &options};
	int operand;
	int status;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (output_check(&options))
		return STATUS_FAILED;
	task.files = (const char *const *)(argv + operand);
	task.file_count = (size_t)(argc - operand);
	return output_write(&task);
}
