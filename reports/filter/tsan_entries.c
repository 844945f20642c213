/*
 * Entries in the format of ThreadSanitizer: a line "type:pattern" each.  The pattern is
 * looked for anywhere in a name, unless ^ and $ tie it to its ends.
 */
#include <string.h>

#include "reports/filter/entry_reader.h"

/* A deadlock that happened is none of those that 'deadlock' names: these are orders. */
static const struct {
	const char *type;
	const char *kinds; /* NULL: all */
	enum suppression_about about;
} tsan_types[] = {
	{"race", "races", ABOUT_ANY_NAME},
	{"race_top", "races", ABOUT_TOP_FRAME},
	{"thread", "thread-leak", ABOUT_ANY_NAME},
	{"mutex", "misuse", ABOUT_ANY_NAME},
	{"signal", "signal-unsafe-lock", ABOUT_ANY_NAME},
	{"deadlock", ENTRY_ORDER_KINDS, ABOUT_ANY_NAME},
	{"called_from_lib", NULL, ABOUT_TOP_MODULE},
};

static const char *free_pattern(struct pool *pool, const char *text)
{
	size_t length = strlen(text);
	bool is_tied = text[0] == '^';
	bool is_tied_at_end = length > (is_tied ? 1u : 0u) && text[length - 1] == '$';

	text += is_tied;
	length -= (is_tied ? 1u : 0u) + (is_tied_at_end ? 1u : 0u);
	return pool_format(pool, "%s%.*s%s", is_tied ? "" : "*", (int)length, text,
			   is_tied_at_end ? "" : "*");
}

static bool read_entry(struct entry_reader *reader, const char *line)
{
	size_t length = strcspn(line, ":");
	struct suppression *entry;

	for (size_t i = 0; i < ARRAY_LENGTH(tsan_types); i++) {
		if (strlen(tsan_types[i].type) != length ||
		    memcmp(tsan_types[i].type, line, length) != 0 || !line[length] ||
		    !line[length + 1])
			continue;
		entry = entry_begin(reader, tsan_types[i].kinds ? entry_kinds(tsan_types[i].kinds)
								 : FINDING_ALL_KINDS);
		entry_add_pattern(reader, entry, tsan_types[i].about,
				  free_pattern(reader->pool, line + length + 1));
		return true;
	}
	return entry_fail(reader, reader->next,
			  "race:, race_top:, thread:, mutex:, signal:, deadlock: or "
			  "called_from_lib: and a pattern",
			  line);
}

bool entries_read_tsan(struct entry_reader *reader)
{
	const char *line;

	while ((line = entry_next_line(reader)))
		if (!read_entry(reader, line))
			return false;
	return true;
}
