/* snarl order: writes down the orders of locks that runs have shown. */
#include "command/base/arguments.h"
#include "command/base/message.h"
#include "reports/order/order_learn.h"

static void print_warning(const char *message)
{
	command_warn("left out: %s", message);
}

int command_order(const struct command_row *self, int argc, char **argv)
{
	static struct order_lesson lesson;
	static struct options options;
	int operand;
	int status;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (!options.learn)
		return command_fail("order: into which file? (--learn FILE)");
	lesson = (struct order_lesson){
		.path = options.learn,
		.files = (const char *const *)(argv + operand),
		.file_count = (size_t)(argc - operand),
		.complain = print_warning,
	};
	if (order_learn_files(&lesson) != 0)
		return command_fail("%s", lesson.error);
	if (!options.quiet)
		command_warn("%s: %zu order%s learned", options.learn, lesson.learned_count,
			     lesson.learned_count == 1 ? "" : "s");
	return lesson.left_out_count ? STATUS_FAILED : STATUS_FINE;
}
