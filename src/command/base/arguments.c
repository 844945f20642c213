#include "command/base/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command/base/help.h"
#include "command/base/message.h"
#include "options/nearest.h"

enum { CODE_HELP = 256, CODE_FIRST_OPTION };

static bool is_option_of(const struct option_row *row, uint32_t where)
{
	return (row->where & where) && !(row->where & INTERNAL);
}

/* Fills a table for getopt_long() with the options of a subcommand. */
static void fill_table(struct option *table, uint32_t where)
{
	*table++ = (struct option){"help", no_argument, NULL, CODE_HELP};
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		int has_value = row->kind == OPTION_FLAG ? no_argument : required_argument;

		if (is_option_of(row, where))
			*table++ =
				(struct option){row->key, has_value, NULL, CODE_FIRST_OPTION + i};
	}
	*table = (struct option){NULL, 0, NULL, 0};
}

/* "--a, --b, ...", in static memory. */
static const char *list_options(uint32_t where)
{
	static char list[2048];
	size_t length = 0;

	for (size_t i = 0; i < OPTION_COUNT && length < sizeof(list); i++)
		if (is_option_of(&option_rows[i], where) && !(option_rows[i].where & FOR_TESTS))
			length += (size_t)snprintf(list + length, sizeof(list) - length, "--%s, ",
						   option_rows[i].key);
	if (length < sizeof(list))
		(void)snprintf(list + length, sizeof(list) - length, "--help");
	return list;
}

/* "; did you mean --json?", or "": static memory. */
static const char *guess_words(uint32_t where, const char *word)
{
	static char words[64];
	struct nearest nearest = nearest_begin(word + strspn(word, "-"));

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (is_option_of(&option_rows[i], where) && !(option_rows[i].where & FOR_TESTS))
			nearest_try(&nearest, option_rows[i].key);
	if (!nearest.best)
		return "";
	(void)snprintf(words, sizeof(words), "; did you mean --%s?", nearest.best);
	return words;
}

/* @code is getopt_long()'s, @word the argument that it read last. */
static int report_bad_option(const struct command_row *row, int code, const char *word)
{
	const struct option_row *option =
		optopt >= CODE_FIRST_OPTION ? &option_rows[optopt - CODE_FIRST_OPTION] : NULL;
	struct options_error error = {OPTIONS_MISSING_VALUE, option, "", 0};
	char letter[3] = {'-', (char)optopt, '\0'};
	char line[256];

	if (code == ':' && option) {
		(void)options_describe_error(&error, line, sizeof(line));
		return command_fail("%s: --%s", row->name, line);
	}
	if (option || optopt == CODE_HELP)
		return command_fail("%s: --%s takes no value", row->name,
				    option ? option->key : "help");
	if (code == ':')
		return command_fail("%s: %s: value missing", row->name, letter);
	return command_fail("%s: unknown option '%s'%s (allowed: %s)", row->name,
			    optopt ? letter : word, optopt ? "" : guess_words(row->where, word),
			    list_options(row->where));
}

static int set_option(const struct command_row *row, struct options *options, int index)
{
	const struct option_row *option = &option_rows[index];
	struct options_error error;
	const char *kind;
	char line[512];

	if (options_set(options, option, option->kind == OPTION_FLAG ? "yes" : optarg, &error))
		return ARGUMENTS_READ;
	(void)options_describe_error(&error, line, sizeof(line));
	kind = option->kind == OPTION_KINDS ? nearest_kind(optarg) : NULL;
	return command_fail("%s: --%s%s%s%s", row->name, line, kind ? "; did you mean " : "",
			    kind ? kind : "", kind ? "?" : "");
}

static const char *operand_word(const struct command_row *row)
{
	if (row->where & IN_RUN)
		return "program";
	return row->where & IN_PS ? "process" : "file";
}

int arguments_read(const struct command_row *row, struct options *options, int argc, char **argv,
		   int *operand)
{
	/* +: options end at PROGRAM, as the rest are its own. */
	const char *short_options = row->where & IN_RUN	    ? "+:"
				    : row->where & IN_MERGE ? ":o:"
							    : ":";
	static struct option table[OPTION_COUNT + 2];
	int status = ARGUMENTS_READ;

	fill_table(table, row->where);
	opterr = 0;
	optind = 1;
	while (status == ARGUMENTS_READ) {
		int code = getopt_long(argc, argv, short_options, table, NULL);

		if (code == -1)
			break;
		if (code == CODE_HELP)
			return help_print_command(row);
		if (code == 'o')
			code = CODE_FIRST_OPTION + OPTION_ID_output;
		if (code >= CODE_FIRST_OPTION)
			status = set_option(row, options, code - CODE_FIRST_OPTION);
		else
			status = report_bad_option(row, code, argv[optind - 1]);
	}
	*operand = optind;
	if (status == ARGUMENTS_READ && optind >= argc)
		return command_fail("%s: which %s? (usage: snarl %s [OPTIONS] %s)", row->name,
				    operand_word(row), row->name, row->operands);
	return status;
}
