#include "command/base/help.h"

#include <string.h>

#include "command/base/message.h"
#include "options/options.h"

#define TEXT_COLUMN 34
#define LINE_WIDTH 80

static int finish_output(FILE *to)
{
	return fflush(to) || ferror(to) ? STATUS_FAILED : STATUS_FINE;
}

const char *help_command_names(const struct command_row *rows)
{
	static char names[128];

	names[0] = '\0';
	for (const struct command_row *row = rows; row->name; row++) {
		if (row != rows)
			strncat(names, ", ", sizeof(names) - strlen(names) - 1);
		strncat(names, row->name, sizeof(names) - strlen(names) - 1);
	}
	return names;
}

/* Prints @text with lines that start at @margin; @column is the current one. */
static void print_wrapped(FILE *to, const char *text, int column, int margin)
{
	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column > margin && column + 1 + length > LINE_WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		if (column > margin)
			column += fprintf(to, " ");
		else
			column += fprintf(to, "%*s", margin - column, "");
		column += fprintf(to, "%.*s", length, text);
		text += length;
		text += strspn(text, " ");
	}
}

static void print_option(FILE *to, const struct option_row *row)
{
	/* As in "--json FILE", but "--color=auto". */
	bool is_text = row->kind == OPTION_TEXT || row->kind == OPTION_LIST;
	const char *between = is_text ? " " : *row->metavar ? "=" : "";
	int column = fprintf(to, "  --%s%s%s", row->key, between, row->metavar);
	char text[256];
	bool has_default = row->kind == OPTION_CHOICE || row->kind == OPTION_NUMBER;

	if (column >= TEXT_COLUMN - 1) {
		fputc('\n', to);
		column = 0;
	}
	(void)snprintf(text, sizeof(text), "%s%s%s%s", row->help, has_default ? " (default: " : "",
		       has_default ? row->initial : "", has_default ? ")" : "");
	print_wrapped(to, text, column, TEXT_COLUMN);
	fputc('\n', to);
}

int help_print_command(const struct command_row *row)
{
	FILE *to = stdout;
	char text[256];

	fprintf(to, "Usage: snarl %s %s%s\n\n", row->name, row->where ? "[OPTIONS] " : "",
		row->operands);
	(void)snprintf(text, sizeof(text), "%c%s.", row->summary[0] - 'a' + 'A', row->summary + 1);
	print_wrapped(to, text, 0, 0);
	fputs("\n\nOptions:\n", to);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if ((option_rows[i].where & row->where) &&
		    !(option_rows[i].where & (INTERNAL | FOR_TESTS)))
			print_option(to, &option_rows[i]);
	print_wrapped(to, "print this help", fprintf(to, "  --help"), TEXT_COLUMN);
	fputc('\n', to);
	if (row->where & IN_RUN)
		fputs("\nThe same settings, without --, may stand in the environment variable\n"
		      "SNARL_OPTIONS, separated by spaces or colons: "
		      "SNARL_OPTIONS=\"stack-depth=20\n"
		      "quiet\". The command line wins.\n",
		      to);
	fprintf(to, "\nThe manual: man snarl%s%s\n", row->where ? "-" : "",
		row->where ? row->name : "");
	return finish_output(to);
}

int help_print_overview(const struct command_row *rows, FILE *to)
{
	fputs("Usage: snarl COMMAND [OPTIONS] [OPERANDS]\n"
	      "       snarl --help | --version\n\n"
	      "Finds races, lost updates, deadlocks, hangs and misused locks in programs as\n"
	      "they are: no rebuild, no source.\n\nCommands:\n",
	      to);
	for (const struct command_row *row = rows; row->name; row++) {
		print_wrapped(to, row->summary, fprintf(to, "  %s %s", row->name, row->operands),
			      TEXT_COLUMN);
		fputc('\n', to);
	}
	fputs("\n`snarl COMMAND --help` lists the options of a command; `man snarl` is the "
	      "manual.\n",
	      to);
	return finish_output(to);
}
