/* snarl COMMAND [OPTIONS] [OPERANDS]: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/base/help.h"

static int print_version(void)
{
	puts("snarl " PACKAGE_VERSION);
	return fflush(stdout) ? STATUS_FAILED : STATUS_FINE;
}

static int refuse(const char *what, const char *word)
{
	command_warn("unknown %s '%s' (commands: %s; options: --help, --version)", what, word,
		     help_command_names());
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	const struct command_row *row;

	if (argc < 2) {
		help_print_overview(stderr);
		return STATUS_FAILED;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	if (strcmp(argv[1], "--help") == 0)
		return help_print_overview(stdout);
	if (argv[1][0] == '-')
		return refuse("option", argv[1]);
	row = command_find(argv[1]);
	if (!row)
		return refuse("command", argv[1]);
	return row->function(argc - 1, argv + 1);
}
