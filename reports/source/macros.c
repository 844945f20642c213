#include "reports/source/macros.h"

#include <stdlib.h>
#include <string.h>

#include "reports/symbols/elf_image.h"
#include "reports/symbols/source_text.h"

#define HEADERS_MAX 1024 /* of a unit */

/* "#define NAME ...", with the lines that a backslash continues. */
struct definition {
	const char *name, *start;
	size_t name_length, length;
};

struct header {
	struct header *next;
	const char *path;
	struct definition *definitions; /* sorted by name */
	size_t count;
};

struct unit_headers {
	struct unit_headers *next;
	const struct elf_image *image;
	Dwarf_Off unit;
	struct header **headers;
	size_t count;
};

struct macros {
	struct pool *pool;
	struct header *headers;
	struct unit_headers *units;
};

struct macros *macros_new(struct pool *pool)
{
	struct macros *macros = pool_alloc(pool, sizeof(*macros));

	macros->pool = pool;
	return macros;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static size_t name_length(const char *at, const char *end)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *start = at;

	while (at < end && *at && strchr(letters, *at))
		at++;
	return (size_t)(at - start);
}

/* The end of the line at @at, and of those that continue it. */
static const char *end_of_lines(const char *at, const char *end)
{
	const char *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL && newline > at &&
	       newline[-1] == '\\' && newline + 1 < end)
		at = newline + 1;
	return newline ? newline : end;
}

/* Adds the macro that the line at @start defines, if it defines one. */
static void add_definition(struct pool *pool, struct header *header, const char *start,
			   const char *end)
{
	const char *at = skip_blanks(start, end);
	struct definition definition = {.start = start, .length = (size_t)(end - start)};

	if (at == end || *at != '#')
		return;
	at = skip_blanks(at + 1, end);
	if (end - at < 7 || memcmp(at, "define", 6) != 0)
		return;
	definition.name = skip_blanks(at + 6, end);
	definition.name_length = name_length(definition.name, end);
	header->definitions =
		pool_grow(pool, header->definitions, header->count, sizeof(definition));
	header->definitions[header->count++] = definition;
}

static int compare_definitions(const void *a, const void *b)
{
	const struct definition *left = a;
	const struct definition *right = b;
	size_t length =
		left->name_length < right->name_length ? left->name_length : right->name_length;
	int order = memcmp(left->name, right->name, length);

	return order ? order
		     : (left->name_length > right->name_length) -
			       (left->name_length < right->name_length);
}

static void read_header(struct pool *pool, struct header *header, const struct source_frame *frame)
{
	struct source_file file;
	const char *at, *end;

	if (!source_file_read(pool, frame, &file))
		return;
	end = file.text + file.length;
	for (at = file.text; at < end;) {
		const char *line_end = end_of_lines(at, end);

		add_definition(pool, header, at, line_end);
		at = line_end + 1;
	}
	if (header->count)
		qsort(header->definitions, header->count, sizeof(*header->definitions),
		      compare_definitions);
}

static struct header *find_header(struct macros *macros, const struct source_frame *frame)
{
	const char *path = source_frame_path(macros->pool, frame);
	struct header *header = macros->headers;

	while (header && strcmp(header->path, path) != 0)
		header = header->next;
	if (header)
		return header;
	header = pool_alloc(macros->pool, sizeof(*header));
	header->path = path;
	header->next = macros->headers;
	macros->headers = header;
	read_header(macros->pool, header, frame);
	return header;
}

static void list_headers(struct macros *macros, struct unit_headers *unit, Dwarf_Die *die,
			 const struct source_frame *frame)
{
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(die, &files, &count) != 0)
		return;
	if (count > HEADERS_MAX)
		count = HEADERS_MAX;
	unit->headers = pool_alloc(macros->pool, (count + 1) * sizeof(struct header *));
	for (size_t i = 0; i < count; i++) {
		struct source_frame header = *frame;
		struct header *found;
		size_t k = 0;

		/* Lives as long as the file's debug information. */
		header.file = dwarf_filesrc(files, i, NULL, NULL);
		header.path = NULL;
		found = header.file ? find_header(macros, &header) : NULL;
		while (k < unit->count && unit->headers[k] != found)
			k++;
		if (found && found->count && k == unit->count)
			unit->headers[unit->count++] = found;
	}
}

static const struct unit_headers *find_unit(struct macros *macros, struct elf_image *image,
					    uint64_t address, const struct source_frame *frame)
{
	struct unit_headers *unit;
	Dwarf_Addr bias;
	Dwarf_Die die;

	if (!elf_image_unit(image, address, &die, &bias))
		return NULL;
	for (unit = macros->units; unit; unit = unit->next) {
		if (unit->image == image && unit->unit == dwarf_dieoffset(&die))
			return unit;
	}
	unit = pool_alloc(macros->pool, sizeof(*unit));
	unit->image = image;
	unit->unit = dwarf_dieoffset(&die);
	unit->next = macros->units;
	macros->units = unit;
	list_headers(macros, unit, &die, frame);
	return unit;
}

/* The first of @header's definitions that is not before @wanted. */
static size_t find_definition(const struct header *header, const struct definition *wanted)
{
	size_t low = 0;
	size_t high = header->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_definitions(&header->definitions[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t macros_find(struct macros *macros, struct elf_image *image, uint64_t address,
		   const struct source_frame *frame, const struct token *name,
		   const struct header_macro **found)
{
	const struct definition wanted = {.name = name->text, .name_length = name->length};
	const struct unit_headers *unit = find_unit(macros, image, address, frame);
	struct header_macro *list = NULL;
	size_t count = 0;

	for (size_t i = 0; unit && i < unit->count; i++) {
		const struct header *header = unit->headers[i];

		for (size_t k = find_definition(header, &wanted);
		     k < header->count &&
		     compare_definitions(&header->definitions[k], &wanted) == 0;
		     k++) {
			const struct definition *definition = &header->definitions[k];
			struct token_list tokens =
				lexer_read(macros->pool, definition->start, definition->length,
					   lexer_language(header->path));

			if (!tokens.macro_count)
				continue;
			list = pool_grow(macros->pool, list, count, sizeof(*list));
			list[count].macro = tokens.macros[0];
			list[count++].is_of_system = strncmp(header->path, "/usr/", 5) == 0;
		}
	}
	*found = list;
	return count;
}
