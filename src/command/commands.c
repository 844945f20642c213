#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "options/options.h"

const struct command_row command_rows[] = {
#define COMMAND(name, function, where, operands, summary)                                          \
	{name, function, where, operands, summary},
#include "command/commands.def"
#undef COMMAND
	{NULL, NULL, 0, NULL, NULL},
};

const struct command_row *command_find(const char *name)
{
	for (const struct command_row *row = command_rows; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static void __attribute__((format(printf, 1, 0))) print_line(const char *format, va_list arguments)
{
	/* Nothing is left to do when even standard error fails. */
	(void)fputs("snarl: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputs("\n", stderr);
}

int command_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
	return STATUS_FAILED;
}

void command_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}
