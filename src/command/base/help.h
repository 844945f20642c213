/* Help texts, from commands.def and options.def. */
#ifndef COMMAND_BASE_HELP_H
#define COMMAND_BASE_HELP_H

#include <stdio.h>

#include "command/base/command.h"

/* Both return the exit status.  @rows are all subcommands; the last has no name. */
int help_print_overview(const struct command_row *rows, FILE *to);
int help_print_command(const struct command_row *row);

/* "run, report, ...": static memory. */
const char *help_command_names(const struct command_row *rows);

#endif
