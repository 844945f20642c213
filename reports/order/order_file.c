#include "reports/order/order_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void order_file_add(struct order_file *file, struct pool *pool, const char *from, const char *to)
{
	struct order_line *line;

	file->lines = pool_grow(pool, file->lines, file->count, sizeof(*line));
	line = &file->lines[file->count++];
	*line = (struct order_line){.from = from, .to = to};
}

/* @text without blanks at its ends. */
static char *strip(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* False: it is no order. */
static bool read_line(struct order_file *file, struct pool *pool, char *text, size_t number)
{
	char *arrow = strstr(text, ORDER_ARROW);
	char *from = text;
	char *to;

	if (!arrow)
		return false;
	*arrow = '\0';
	from = strip(from);
	to = strip(arrow + strlen(ORDER_ARROW));
	if (!*from || !*to || strstr(to, ORDER_ARROW))
		return false;
	order_file_add(file, pool, pool_copy(pool, from, strlen(from)),
		       pool_copy(pool, to, strlen(to)));
	file->lines[file->count - 1].number = number;
	return true;
}

static int read_lines(struct order_file *file, struct pool *pool, FILE *in, char *error,
		      size_t error_bytes)
{
	char *line = NULL;
	size_t room = 0;
	size_t number = 0;
	bool is_right = true;

	while (is_right && getline(&line, &room, in) >= 0) {
		char *text = strip(line);

		number++;
		if (*text && *text != '#')
			is_right = read_line(file, pool, text, number);
	}
	free(line);
	if (is_right)
		return 0;
	(void)snprintf(error, error_bytes, "%s:%zu: expected 'HELD -> TAKEN', two classes of locks",
		       file->path, number);
	return -EINVAL;
}

int order_file_read(struct order_file *file, struct pool *pool, const char *path, char *error,
		    size_t error_bytes)
{
	FILE *in = fopen(path, "re");
	int result;

	*file = (struct order_file){.path = path};
	if (!in) {
		result = -errno;
		(void)snprintf(error, error_bytes, "%s: %s", path, strerror(-result));
		return result;
	}
	result = read_lines(file, pool, in, error, error_bytes);
	if (result == 0 && ferror(in)) {
		result = -EIO;
		(void)snprintf(error, error_bytes, "%s: cannot be read", path);
	}
	(void)fclose(in);
	return result;
}

/* A search through the lines; 'first' is the line that leads to each that was reached. */
struct search {
	const struct order_file *file;
	size_t *reached;
	size_t count;
	size_t *first; /* SIZE_MAX: not reached */
};

/* Reaches all lines that begin at @from. */
static void reach_from(struct search *search, const char *from, size_t first)
{
	for (size_t i = 0; i < search->file->count; i++) {
		if (search->first[i] != SIZE_MAX ||
		    strcmp(search->file->lines[i].from, from) != 0)
			continue;
		search->first[i] = first == SIZE_MAX ? i : first;
		search->reached[search->count++] = i;
	}
}

const struct order_line *order_file_find(const struct order_file *file, const char *from,
					 const char *to)
{
	size_t *numbers = malloc((2 * file->count + 1) * sizeof(*numbers));
	struct search search = {file, numbers, 0, numbers + file->count};
	const struct order_line *found = NULL;

	if (!numbers)
		return NULL;
	for (size_t i = 0; i < file->count; i++)
		search.first[i] = SIZE_MAX;
	reach_from(&search, from, SIZE_MAX);
	for (size_t at = 0; at < search.count && !found; at++) {
		size_t line = search.reached[at];

		if (strcmp(file->lines[line].to, to) == 0)
			found = &file->lines[search.first[line]];
		else
			reach_from(&search, file->lines[line].to, search.first[line]);
	}
	free(numbers);
	return found;
}
