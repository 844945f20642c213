#include "reports/filter/suppressions.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/filter/entry_reader.h"

uint64_t entry_kinds(const char *names)
{
	uint64_t kinds = 0;

	while (*names) {
		size_t length = strcspn(names, ",");

		kinds |= finding_kinds_of(names, length);
		names += length + (names[length] == ',');
	}
	return kinds;
}

const char *entry_next_line(struct entry_reader *reader)
{
	while (reader->next < reader->line_count) {
		const char *line = reader->lines[reader->next++];

		if (line[0] && line[0] != '#')
			return line;
	}
	return NULL;
}

struct suppression *entry_begin(struct entry_reader *reader, uint64_t kinds)
{
	struct suppressions *list = reader->list;
	struct suppression entry = {
		.path = reader->path,
		.line = reader->next,
		.kinds = kinds,
	};

	list->rows = pool_grow(reader->pool, list->rows, list->count, sizeof(entry));
	list->rows[list->count] = entry;
	return &list->rows[list->count++];
}

static void add_pattern(struct pool *pool, struct suppression_pattern **rows, size_t *count,
			struct suppression_pattern pattern)
{
	*rows = pool_grow(pool, *rows, *count, sizeof(pattern));
	(*rows)[(*count)++] = pattern;
}

void entry_add_pattern(struct entry_reader *reader, struct suppression *entry,
		       enum suppression_about about, const char *pattern)
{
	add_pattern(reader->pool, &entry->patterns, &entry->pattern_count,
		    (struct suppression_pattern){about, pattern});
}

void entry_add_frame(struct entry_reader *reader, struct suppression *entry,
		     enum suppression_about about, const char *pattern)
{
	add_pattern(reader->pool, &entry->frames, &entry->frame_count,
		    (struct suppression_pattern){about, pattern});
}

bool entry_fail(struct entry_reader *reader, size_t line, const char *expected, const char *found)
{
	if (found)
		snprintf(reader->error, reader->error_bytes, "%s:%zu: expected %s, found '%.80s'",
			 reader->path, line, expected, found);
	else
		snprintf(reader->error, reader->error_bytes, "%s:%zu: expected %s", reader->path,
			 line, expected);
	return false;
}

bool entry_fail_word(struct entry_reader *reader, const char *expected, const char *word,
		     const char *nearest)
{
	const char *question =
		nearest ? pool_format(reader->pool, "; did you mean %s?", nearest) : "";

	snprintf(reader->error, reader->error_bytes, "%s:%zu: expected %s, found '%.80s'%s",
		 reader->path, reader->next, expected, word, question);
	return false;
}

/* What stands between blanks. */
static const char *trim_line(struct pool *pool, const char *line, size_t length)
{
	while (length && isspace((unsigned char)line[length - 1]))
		length--;
	while (length && isspace((unsigned char)line[0])) {
		line++;
		length--;
	}
	return pool_copy(pool, line, length);
}

static int read_lines(struct entry_reader *reader)
{
	FILE *file = fopen(reader->path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int result = 0;

	if (!file)
		return -errno;
	errno = 0;
	while ((length = getline(&line, &room, file)) > 0) {
		reader->lines = pool_grow(reader->pool, reader->lines, reader->line_count,
					  sizeof(*reader->lines));
		reader->lines[reader->line_count++] = trim_line(reader->pool, line, (size_t)length);
	}
	if (ferror(file))
		result = errno ? -errno : -EIO;
	free(line);
	(void)fclose(file);
	return result;
}

/* "{" begins an entry for Valgrind; "race:..." is one for ThreadSanitizer. */
static bool read_entries(struct entry_reader *reader)
{
	const char *first = entry_next_line(reader);
	size_t word = first ? strspn(first, "abcdefghijklmnopqrstuvwxyz_") : 0;

	reader->next = 0;
	if (!first)
		return true;
	if (first[0] == '{')
		return entries_read_valgrind(reader);
	return word && first[word] == ':' ? entries_read_tsan(reader) : entries_read_own(reader);
}

int suppressions_read(struct suppressions *list, struct pool *pool, const char *path, char *error,
		      size_t error_bytes)
{
	struct entry_reader reader = {
		.pool = pool,
		.list = list,
		.path = pool_copy(pool, path, strlen(path)),
		.error = error,
		.error_bytes = error_bytes,
	};
	int result = read_lines(&reader);

	if (result != 0) {
		snprintf(error, error_bytes, "cannot read %s: %s", path, strerror(-result));
		return result;
	}
	return read_entries(&reader) ? 0 : -EBADMSG;
}
