/* Options to text: error messages, and settings that the library reads back. */
#include "options/options.h"

#include <string.h>

/* A line being written; text that does not fit is dropped, but counted. */
struct line {
	char *text;
	size_t size_bytes;
	size_t length;
};

static void append_bytes(struct line *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, line->length++)
		if (line->length + 1 < line->size_bytes)
			line->text[line->length] = text[i];
}

static void append_text(struct line *line, const char *text)
{
	append_bytes(line, text, strlen(text));
}

/* Terminates the line; returns its length as far as it fits. */
static size_t finish_line(struct line *line)
{
	size_t length = line->length;

	if (line->size_bytes == 0)
		return 0;
	if (length >= line->size_bytes)
		length = line->size_bytes - 1;
	line->text[length] = '\0';
	return length;
}

/* "a|b|c" as "a, b, c". */
static void append_allowed(struct line *line, const char *allowed, enum option_kind kind)
{
	bool is_list = kind == OPTION_CHOICE || kind == OPTION_FLAG;

	for (; *allowed; allowed++) {
		if (is_list && *allowed == '|')
			append_text(line, ", ");
		else
			append_bytes(line, allowed, 1);
	}
}

static void append_keys(struct line *line)
{
	const char *between = "";

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if ((option_rows[i].where & (INTERNAL | FOR_TESTS)) ||
		    !(option_rows[i].where & IN_RUN))
			continue;
		append_text(line, between);
		append_text(line, option_rows[i].key);
		between = ", ";
	}
}

/* After the key: what is wrong with its value. */
static void append_problem(struct line *line, const struct options_error *error)
{
	switch (error->problem) {
	case OPTIONS_MISSING_VALUE:
		append_text(line, ": value missing");
		break;
	case OPTIONS_BAD_VALUE:
		append_text(line, ": unknown value '");
		append_bytes(line, error->text, error->length);
		append_text(line, "'");
		break;
	case OPTIONS_TOO_LONG:
		append_text(line, ": value too long");
		return;
	case OPTIONS_FINE:
	case OPTIONS_UNKNOWN_KEY:
		return;
	}
	append_text(line, " (allowed: ");
	append_allowed(line, error->row->allowed, error->row->kind);
	append_text(line, ")");
}

size_t options_describe_error(const struct options_error *error, char *text, size_t size_bytes)
{
	struct line line = {text, size_bytes, 0};

	if (error->row) {
		append_text(&line, error->row->key);
		append_problem(&line, error);
		return finish_line(&line);
	}
	append_text(&line, "unknown option '");
	append_bytes(&line, error->text, error->length);
	append_text(&line, "' (allowed: ");
	append_keys(&line);
	append_text(&line, ")");
	return finish_line(&line);
}

static void append_number(struct line *line, uint64_t number)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	append_bytes(line, digits + i, sizeof(digits) - i);
}

/* Milliseconds as seconds with three decimals. */
static void append_seconds(struct line *line, uint64_t milliseconds)
{
	char fraction[3] = {(char)('0' + milliseconds / 100 % 10),
			    (char)('0' + milliseconds / 10 % 10), (char)('0' + milliseconds % 10)};

	append_number(line, milliseconds / 1000);
	append_text(line, ".");
	append_bytes(line, fraction, sizeof(fraction));
}

static void append_choice(struct line *line, const char *allowed, uint64_t choice)
{
	for (; choice > 0; choice--)
		allowed += strcspn(allowed, "|") + 1;
	append_bytes(line, allowed, strcspn(allowed, "|"));
}

static void append_escaped(struct line *line, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (c <= ' ' || c == ':' || c == '%')
			append_bytes(line, escape, sizeof(escape));
		else
			append_bytes(line, text, 1);
	}
}

static void append_kinds(struct line *line, uint64_t kinds)
{
	const char *between = "";

	for (unsigned i = 0; i < FINDING_KIND_COUNT; i++) {
		if (!(kinds >> i & 1))
			continue;
		append_text(line, between);
		append_text(line, finding_kind_name((enum finding_kind)i));
		between = ",";
	}
}

size_t options_write(const struct options *options, const struct option_row *row, char *to,
		     size_t size_bytes)
{
	const char *field = (const char *)options + row->offset;
	struct line line = {to, size_bytes, 0};
	uint64_t number = 0;
	const char *text = NULL;

	if (row->kind == OPTION_LIST)
		return 0;
	if (row->kind == OPTION_TEXT)
		memcpy(&text, field, sizeof(text));
	else
		memcpy(&number, field, sizeof(number));
	append_text(&line, row->key);
	append_text(&line, "=");
	switch (row->kind) {
	case OPTION_FLAG:
	case OPTION_CHOICE:
		append_choice(&line, row->allowed, number);
		break;
	case OPTION_NUMBER:
		append_number(&line, number);
		break;
	case OPTION_SECONDS:
		append_seconds(&line, number);
		break;
	case OPTION_KINDS:
		append_kinds(&line, number);
		break;
	case OPTION_TEXT:
		append_escaped(&line, text ? text : "");
		break;
	case OPTION_LIST:
		break;
	}
	return finish_line(&line) == line.length ? line.length : 0;
}
