/* Command lines of subcommands, read by the table of options. */
#ifndef COMMAND_BASE_ARGUMENTS_H
#define COMMAND_BASE_ARGUMENTS_H

#include "command/base/command.h"
#include "options/options.h"

/* What arguments_read() returns when the subcommand shall go on. */
#define ARGUMENTS_READ (-1)

/*
 * Sets @options from the command line of the subcommand @row and finds its
 * first operand: argv[*operand].  Returns ARGUMENTS_READ, or the exit status
 * when help or an error was printed.
 */
int arguments_read(const struct command_row *row, struct options *options, int argc, char **argv,
		   int *operand);

#endif
