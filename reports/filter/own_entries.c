/*
 * Entries of our own format: lines of a word and its value, ended by an empty line.
 *
 *   kind data-race, lost-update
 *   function draw_*
 *   variable stats.*
 *   reason statistics: a lost count does no harm
 *   expires 2027-06-30
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "options/nearest.h"
#include "reports/filter/entry_reader.h"

#define DATE_BYTES 11

static const char words_expected[] = "'kind', 'function', 'file', 'module', 'lock', 'variable', "
				     "'fingerprint', 'reason' or 'expires'";

static const struct {
	const char *word;
	enum suppression_about about;
} pattern_words[] = {
	{"function", ABOUT_FUNCTION}, {"file", ABOUT_FILE},
	{"module", ABOUT_MODULE},     {"lock", ABOUT_LOCK},
	{"variable", ABOUT_VARIABLE}, {"fingerprint", ABOUT_FINGERPRINT},
};

/* "data-race, hangs": names of kinds and groups. */
static bool read_kinds(struct entry_reader *reader, struct suppression *entry, const char *value)
{
	uint64_t kinds = 0;

	for (const char *name = value; *name; name += strspn(name, ", \t")) {
		size_t length = strcspn(name, ", \t");
		uint64_t more = finding_kinds_of(name, length);

		if (!more)
			return entry_fail_word(reader, "kinds of finding, separated by commas",
					       pool_copy(reader->pool, name, length),
					       nearest_kind(name));
		kinds |= more;
		name += length;
	}
	entry->kinds = kinds;
	return true;
}

static bool is_date(const char *text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *form = "0000-00-00";
	int month;
	int day;

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == '0' ? !is_digit : text[i] != form[i])
			return false;
	}
	month = (text[5] - '0') * 10 + text[6] - '0';
	day = (text[8] - '0') * 10 + text[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static bool read_date(struct entry_reader *reader, struct suppression *entry, const char *value)
{
	time_t now = time(NULL);
	char today[DATE_BYTES] = "";
	struct tm parts;

	if (!is_date(value))
		return entry_fail(reader, reader->next, "a date such as 2027-01-31", value);
	if (localtime_r(&now, &parts))
		(void)strftime(today, sizeof(today), "%Y-%m-%d", &parts);
	entry->expires = value;
	entry->is_expired = strcmp(value, today) < 0;
	return true;
}

static const char *nearest_word(const char *word)
{
	static const char *const others[] = {"kind", "reason", "expires"};
	struct nearest nearest = nearest_begin(word);

	for (size_t i = 0; i < ARRAY_LENGTH(pattern_words); i++)
		nearest_try(&nearest, pattern_words[i].word);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		nearest_try(&nearest, others[i]);
	return nearest.best;
}

static bool read_pattern(struct entry_reader *reader, struct suppression *entry, const char *word,
			 const char *value)
{
	for (size_t i = 0; i < ARRAY_LENGTH(pattern_words); i++) {
		if (strcmp(pattern_words[i].word, word) != 0)
			continue;
		entry_add_pattern(reader, entry, pattern_words[i].about, value);
		return true;
	}
	return entry_fail_word(reader, words_expected, word, nearest_word(word));
}

static bool read_line(struct entry_reader *reader, struct suppression *entry, const char *line)
{
	size_t length = strcspn(line, " \t");
	const char *word = pool_copy(reader->pool, line, length);
	const char *value = line + length + strspn(line + length, " \t");

	if (!*value)
		return entry_fail(reader, reader->next, "a word and its value", line);
	if (strcmp(word, "kind") == 0)
		return read_kinds(reader, entry, value);
	if (strcmp(word, "expires") == 0)
		return read_date(reader, entry, value);
	if (strcmp(word, "reason") != 0)
		return read_pattern(reader, entry, word, value);
	entry->reason = value;
	return true;
}

/* An entry without either would silence more than was meant, or nobody knows why. */
static bool finish_entry(struct entry_reader *reader, const struct suppression *entry)
{
	if (!entry->pattern_count && entry->kinds == FINDING_ALL_KINDS)
		return entry_fail(reader, entry->line, "a kind or a pattern in this entry", NULL);
	if (!entry->reason)
		return entry_fail(reader, entry->line, "a 'reason' in this entry", NULL);
	return true;
}

bool entries_read_own(struct entry_reader *reader)
{
	const char *line;

	while ((line = entry_next_line(reader))) {
		struct suppression *entry = entry_begin(reader, FINDING_ALL_KINDS);

		for (;;) {
			if (line[0] != '#' && !read_line(reader, entry, line))
				return false;
			if (reader->next == reader->line_count || !*reader->lines[reader->next])
				break;
			line = reader->lines[reader->next++];
		}
		if (!finish_entry(reader, entry))
			return false;
	}
	return true;
}
