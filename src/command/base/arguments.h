/* Reads the command lines of subcommands, by the table of options. */
#ifndef COMMAND_BASE_ARGUMENTS_H
#define COMMAND_BASE_ARGUMENTS_H

#include "command/base/command.h"
#include "options/options.h"

/* arguments_read() returns this when the subcommand is to go on. */
#define ARGUMENTS_READ (-1)

/* Sets @options from the command line of the subcommand @row; argv[*operand] is its
 * first operand, of which there is at least one.  Returns ARGUMENTS_READ, or the exit
 * status after help or an error message. */
int arguments_read(const struct command_row *row, struct options *options, int argc, char **argv,
		   int *operand);

#endif
