/* The subcommands of `snarl`: a row of commands.def and a function each. */
#ifndef COMMAND_BASE_COMMAND_H
#define COMMAND_BASE_COMMAND_H

#include "base/types.h"

struct command_row;

/* Runs the subcommand @self; argv[0] is its name.  Returns the exit status. */
typedef int (*command_function)(const struct command_row *self, int argc, char **argv);

struct command_row {
	const char *name;
	command_function function;
	uint32_t where; /* its options: enum option_where */
	const char *operands;
	const char *summary;
};

#define COMMAND(name, function, where, operands, summary)                                          \
	int function(const struct command_row *self, int argc, char **argv);
#include "command/base/commands.def"
#undef COMMAND

#endif
