/* Help texts, made from commands.def and options.def. */
#ifndef COMMAND_BASE_HELP_H
#define COMMAND_BASE_HELP_H

#include <stdio.h>

#include "command/command.h"

/* Both return the exit status. */
int help_print_overview(FILE *to);
int help_print_command(const struct command_row *row);

/* "run, report, ...": static memory. */
const char *help_command_names(void);

#endif
