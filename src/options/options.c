#include "options/options.h"

#include <string.h>

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(identifier, key, kind, allowed, initial, where, metavar, help)                      \
	{key,	OPTION_##kind, allowed, initial,                                                   \
	 where, metavar,       help,	offsetof(struct options, identifier)},
#include "options/options.def"
#undef OPTION
};

static bool is_separator(char c)
{
	return c == ' ' || c == ':' || c == '\t' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The field has the type that the row's kind says. */
static void *find_field(struct options *options, const struct option_row *row)
{
	return (char *)options + row->offset;
}

/* Decimal digits only; false if empty, too large for any option, or not digits. */
static bool read_number(const char *text, size_t length, uint64_t *number)
{
	*number = 0;
	if (length == 0 || length > 12)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return false;
		*number = *number * 10 + (uint64_t)(text[i] - '0');
	}
	return true;
}

/* @allowed is "least..most". */
static bool read_number_within(const char *text, size_t length, const char *allowed,
			       uint64_t *number)
{
	const char *dots = strstr(allowed, "..");
	uint64_t least;
	uint64_t most;

	return read_number(text, length, number) &&
	       read_number(allowed, (size_t)(dots - allowed), &least) &&
	       read_number(dots + 2, strlen(dots + 2), &most) && *number >= least &&
	       *number <= most;
}

/* Seconds with an optional fraction, to milliseconds, rounded up. */
static bool read_seconds(const char *text, size_t length, uint64_t *milliseconds)
{
	const char *point = memchr(text, '.', length);
	size_t whole = point ? (size_t)(point - text) : length;
	uint64_t unit = 100;
	bool is_exact = true;

	*milliseconds = 0;
	if (length == 0 || (point && length == 1) || whole > 9)
		return false;
	if (whole > 0 && !read_number(text, whole, milliseconds))
		return false;
	*milliseconds *= 1000;
	for (size_t i = whole + 1; i < length; i++) {
		if (!is_digit(text[i]))
			return false;
		*milliseconds += unit * (uint64_t)(text[i] - '0');
		is_exact = is_exact && (unit > 0 || text[i] == '0');
		unit /= 10;
	}
	*milliseconds += !is_exact;
	return true;
}

/* The index of a word in "a|b|c". */
static bool read_choice(const char *text, size_t length, const char *allowed, uint64_t *choice)
{
	*choice = 0;
	for (;;) {
		size_t word = strcspn(allowed, "|");

		if (word == length && memcmp(allowed, text, length) == 0)
			return true;
		if (!allowed[word])
			return false;
		allowed += word + 1;
		++*choice;
	}
}

/* The kinds that a name stands for.  Groups are of kinds that are looked for without being
 * named. */
static uint64_t kinds_of(const char *name, size_t length)
{
	uint64_t kinds = finding_kinds_of(name, length);

	if (length == strlen("all") && memcmp(name, "all", length) == 0)
		kinds = FINDING_ALL_KINDS;
	return kinds & (kinds - 1) ? kinds & ~(1ull << FINDING_POSSIBLE_RACE) : kinds;
}

/* Names of kinds and groups, separated by commas. */
static bool read_kinds(const char *text, size_t length, uint64_t *kinds)
{
	*kinds = 0;
	for (size_t at = 0; at <= length;) {
		const char *comma = memchr(text + at, ',', length - at);
		size_t end = comma ? (size_t)(comma - text) : length;
		uint64_t more = kinds_of(text + at, end - at);

		if (!more)
			return false;
		*kinds |= more;
		at = end + 1;
	}
	return true;
}

/* Keeps a terminated copy of a text; NULL if there is no room. */
static const char *keep_text(struct options *options, const char *text, size_t length)
{
	char *copy = options->text + options->text_bytes;

	if (length >= sizeof(options->text) - options->text_bytes)
		return NULL;
	/* An unescaped value stands here already. */
	memmove(copy, text, length);
	copy[length] = '\0';
	options->text_bytes += (uint32_t)length + 1;
	return copy;
}

static enum options_problem add_to_list(struct option_list *list, const char *text)
{
	if (list->count == OPTION_LIST_MAX)
		return OPTIONS_BAD_VALUE;
	list->values[list->count++] = text;
	return OPTIONS_FINE;
}

static enum options_problem set_value(struct options *options, const struct option_row *row,
				      const char *value, size_t length)
{
	uint64_t number = 0;
	const char *text;
	bool is_fine = false;

	switch (row->kind) {
	case OPTION_FLAG:
	case OPTION_CHOICE:
		is_fine = read_choice(value, length, row->allowed, &number);
		break;
	case OPTION_NUMBER:
		is_fine = read_number_within(value, length, row->allowed, &number);
		break;
	case OPTION_SECONDS:
		is_fine = read_seconds(value, length, &number);
		break;
	case OPTION_KINDS:
		is_fine = read_kinds(value, length, &number);
		break;
	case OPTION_TEXT:
	case OPTION_LIST:
		if (length == 0)
			return OPTIONS_BAD_VALUE;
		text = keep_text(options, value, length);
		if (!text)
			return OPTIONS_TOO_LONG;
		if (row->kind == OPTION_LIST)
			return add_to_list(find_field(options, row), text);
		*(const char **)find_field(options, row) = text;
		return OPTIONS_FINE;
	}
	if (!is_fine)
		return OPTIONS_BAD_VALUE;
	*(uint64_t *)find_field(options, row) = number;
	return OPTIONS_FINE;
}

void options_init(struct options *options)
{
	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].initial[0])
			set_value(options, &option_rows[i], option_rows[i].initial,
				  strlen(option_rows[i].initial));
}

const struct option_row *options_find(const char *key, size_t length)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(option_rows[i].key) == length &&
		    memcmp(option_rows[i].key, key, length) == 0)
			return &option_rows[i];
	return NULL;
}

bool options_is_set(const struct options *options, enum option_id id)
{
	return options->set >> id & 1;
}

const char *options_text(const struct options *options, enum option_id id)
{
	const void *place = (const char *)options + option_rows[id].offset;

	return *(const char *const *)place;
}

static bool set_option(struct options *options, const struct option_row *row, const char *value,
		       size_t length, struct options_error *error)
{
	enum options_problem problem = set_value(options, row, value, length);

	if (problem) {
		*error = (struct options_error){problem, row, value, length};
		return false;
	}
	options->set |= 1ull << (row - option_rows);
	return true;
}

bool options_set(struct options *options, const struct option_row *row, const char *value,
		 struct options_error *error)
{
	return set_option(options, row, value, strlen(value), error);
}

/* Decodes the %XX of @from into the free end of options->text. */
static bool unescape_value(struct options *options, const char *from, size_t length,
			   const char **value, size_t *value_length)
{
	char *to = options->text + options->text_bytes;

	if (length >= sizeof(options->text) - options->text_bytes)
		return false;
	*value = to;
	for (size_t i = 0; i < length; i++) {
		int high = from[i] == '%' && i + 2 < length ? hex_digit(from[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(from[i + 2]) : -1;

		/* %00 would end the text early: it stays as written. */
		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*to++ = from[i];
		}
	}
	*value_length = (size_t)(to - *value);
	return true;
}

/* SNARL_OPTIONS has the keys of `snarl run`. */
static const struct option_row *find_setting(const char *key, size_t length)
{
	const struct option_row *row = options_find(key, length);

	return row && (row->where & IN_RUN) ? row : NULL;
}

/* One `key=value`, or `key` alone for a flag. */
static bool parse_setting(struct options *options, const char *setting, size_t length,
			  struct options_error *error)
{
	const char *equals = memchr(setting, '=', length);
	size_t key_length = equals ? (size_t)(equals - setting) : length;
	const struct option_row *row = find_setting(setting, key_length);
	const char *value = "yes";
	size_t value_length = 3;

	*error = (struct options_error){OPTIONS_UNKNOWN_KEY, row, setting, key_length};
	if (!row)
		return false;
	error->problem = OPTIONS_MISSING_VALUE;
	if (!equals && row->kind != OPTION_FLAG)
		return false;
	error->problem = OPTIONS_TOO_LONG;
	if (equals &&
	    !unescape_value(options, equals + 1, length - key_length - 1, &value, &value_length))
		return false;
	if (set_option(options, row, value, value_length, error))
		return true;
	/* Point to the caller's text, not to the decoded copy. */
	if (equals) {
		error->text = equals + 1;
		error->length = length - key_length - 1;
	}
	return false;
}

bool options_parse(struct options *options, const char *text, struct options_error *error)
{
	*error = (struct options_error){OPTIONS_FINE, NULL, "", 0};
	while (text && *text) {
		size_t length = 0;

		while (text[length] && !is_separator(text[length]))
			length++;
		if (length > 0 && !parse_setting(options, text, length, error))
			return false;
		text += length;
		text += *text != '\0';
	}
	*error = (struct options_error){OPTIONS_FINE, NULL, "", 0};
	return true;
}

uint64_t options_checked_kinds(const struct options *options)
{
	return (options->check ? options->check : FINDING_ALL_KINDS) & ~options->no_check;
}

bool options_predict_races(const struct options *options)
{
	return options->check & ~options->no_check & 1ull << FINDING_POSSIBLE_RACE;
}

void options_settle(struct options *options)
{
	uint64_t kinds = options_checked_kinds(options);
	uint64_t ending = 1ull << FINDING_DEADLOCK | 1ull << FINDING_HANG;

	if (!(kinds & finding_kinds_of("races", strlen("races"))))
		options->races = RACES_OFF;
	if ((kinds & ending) != ending)
		options->on_deadlock = ON_DEADLOCK_REPORT;
}

enum severity options_fails_from(const struct options *options)
{
	static const enum severity least[] = {
		[FAIL_ON_ERROR] = SEVERITY_ERROR,
		[FAIL_ON_WARNING] = SEVERITY_WARNING,
		[FAIL_ON_NOTE] = SEVERITY_NOTE,
		[FAIL_ON_NEVER] = SEVERITY_NEVER,
	};

	return least[options->fail_on];
}

bool options_fail_on(const struct options *options, const uint32_t counts[SEVERITY_ERROR + 1])
{
	uint32_t count = 0;

	for (unsigned i = options_fails_from(options); i <= SEVERITY_ERROR; i++)
		count += counts[i];
	return count > 0;
}
