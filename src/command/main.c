/* snarl COMMAND [OPTIONS] [OPERANDS]: runs the subcommand. */
#include <stdio.h>
#include <string.h>

#include "command/base/command.h"
#include "command/base/help.h"
#include "command/base/message.h"
#include "options/nearest.h"
#include "options/options.h"

/* The last row has no name. */
static const struct command_row command_rows[] = {
#define COMMAND(name, function, where, operands, summary)                                          \
	{name, function, where, operands, summary},
#include "command/base/commands.def"
#undef COMMAND
	{NULL, NULL, 0, NULL, NULL},
};

static const struct command_row *find_command(const char *name)
{
	for (const struct command_row *row = command_rows; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static int print_version(void)
{
	puts("snarl " PACKAGE_VERSION);
	return fflush(stdout) ? STATUS_FAILED : STATUS_FINE;
}

/* "; did you mean report?", or "": static memory. */
static const char *guess_words(const char *word)
{
	static char words[64];
	struct nearest nearest = nearest_begin(word);

	for (const struct command_row *row = command_rows; row->name; row++)
		nearest_try(&nearest, row->name);
	if (!nearest.best)
		return "";
	(void)snprintf(words, sizeof(words), "; did you mean %s?", nearest.best);
	return words;
}

static int report_unknown(const char *what, const char *word)
{
	command_warn("unknown %s '%s'%s (commands: %s; options: --help, --version)", what, word,
		     guess_words(word), help_command_names(command_rows));
	return STATUS_FAILED;
}

int command_help(const struct command_row *self, int argc, char **argv)
{
	const struct command_row *row = self;

	if (argc > 2)
		return command_fail("help: one command at a time");
	if (argc < 2)
		return help_print_overview(command_rows, stdout);
	if (strcmp(argv[1], "--help") != 0)
		row = find_command(argv[1]);
	if (!row)
		return command_fail("help: unknown command '%s'%s (commands: %s)", argv[1],
				    guess_words(argv[1]), help_command_names(command_rows));
	return help_print_command(row);
}

int main(int argc, char **argv)
{
	const struct command_row *row;

	if (argc < 2) {
		help_print_overview(command_rows, stderr);
		return STATUS_FAILED;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	if (strcmp(argv[1], "--help") == 0)
		return help_print_overview(command_rows, stdout);
	if (argv[1][0] == '-')
		return report_unknown("option", argv[1]);
	row = find_command(argv[1]);
	if (!row)
		return report_unknown("command", argv[1]);
	return row->function(row, argc - 1, argv + 1);
}
