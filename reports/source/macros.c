#include "reports/source/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/symbols/elf_image.h"
#include "reports/symbols/source_text.h"

#define HEADERS_MAX 1024   /* of a unit */
#define DIRECTORIES_MAX 64 /* of these */
#define PATH_BYTES_MAX 1024
#define SYSTEM_HEADERS "/usr/include"

/* "#define NAME ...", with the lines that a backslash continues. */
struct definition {
	const char *name, *start;
	size_t name_length, length;
};

/* What stands in '#include "NAME"' or '<NAME>'. */
struct inclusion {
	const char *name;
	size_t length;
};

struct header {
	struct header *next;
	const char *path;
	struct definition *definitions; /* sorted by name */
	size_t count;
	struct inclusion *inclusions;
	size_t inclusion_count;
	bool has_atomic; /* the word of C */
};

struct unit_headers {
	struct unit_headers *next;
	const struct elf_image *image;
	Dwarf_Off unit;
	struct header **headers;
	size_t count;
	const char **directories; /* in which headers may be that it does not list */
	size_t directory_count;
	bool hides_atomics;
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

static void add_definition(struct pool *pool, struct header *header, const char *start,
			   const char *name, const char *end)
{
	struct definition definition = {
		.start = start,
		.name = name,
		.name_length = name_length(name, end),
		.length = (size_t)(end - start),
	};

	header->definitions =
		pool_grow(pool, header->definitions, header->count, sizeof(definition));
	header->definitions[header->count++] = definition;
}

/* @name: with its quotes or brackets. */
static void add_inclusion(struct pool *pool, struct header *header, const char *name,
			  const char *end)
{
	struct inclusion inclusion = {.name = name + 1};
	const char *close;

	if (name == end || (*name != '"' && *name != '<'))
		return;
	close = memchr(inclusion.name, *name == '"' ? '"' : '>', (size_t)(end - inclusion.name));
	if (!close)
		return;
	inclusion.length = (size_t)(close - inclusion.name);
	header->inclusions = pool_grow(pool, header->inclusions, header->inclusion_count,
				       sizeof(inclusion));
	header->inclusions[header->inclusion_count++] = inclusion;
}

/* Adds the macro that the line at @start defines, or the header that it includes. */
static void add_directive(struct pool *pool, struct header *header, const char *start,
			  const char *end)
{
	const char *at = skip_blanks(start, end);

	if (at == end || *at != '#')
		return;
	at = skip_blanks(at + 1, end);
	if (end - at >= 7 && memcmp(at, "define", 6) == 0)
		add_definition(pool, header, start, skip_blanks(at + 6, end), end);
	else if (end - at >= 8 && memcmp(at, "include", 7) == 0)
		add_inclusion(pool, header, skip_blanks(at + 7, end), end);
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
	header->has_atomic = memmem(file.text, file.length, "_Atomic", 7) != NULL;
	for (at = file.text; at < end;) {
		const char *line_end = end_of_lines(at, end);

		add_directive(pool, header, at, line_end);
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

static bool is_of_system(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0;
}

static void add_header(struct macros *macros, struct unit_headers *unit, struct header *header)
{
	size_t i = 0;

	while (i < unit->count && unit->headers[i] != header)
		i++;
	if (i < unit->count || i == HEADERS_MAX)
		return;
	unit->headers = pool_grow(macros->pool, unit->headers, unit->count, sizeof(header));
	unit->headers[unit->count++] = header;
}

/* Adds @length bytes of @path, and the directories above. */
static void add_directories(struct macros *macros, struct unit_headers *unit, const char *path,
			    size_t length)
{
	while (length > 1 && unit->directory_count < DIRECTORIES_MAX) {
		const char *directory = pool_copy(macros->pool, path, length);

		for (size_t i = 0; i < unit->directory_count; i++)
			if (strcmp(unit->directories[i], directory) == 0)
				return;
		unit->directories = pool_grow(macros->pool, unit->directories,
					      unit->directory_count, sizeof(directory));
		unit->directories[unit->directory_count++] = directory;
		while (length && path[length - 1] != '/')
			length--;
		length -= length > 0;
	}
}

/* The part of @path in front of the last slash. */
static size_t directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* Is a header of this name among those of the unit? */
static bool is_listed(const struct unit_headers *unit, const struct inclusion *inclusion)
{
	for (size_t i = 0; i < unit->count; i++) {
		const char *path = unit->headers[i]->path;
		size_t length = strlen(path);

		if (length > inclusion->length && path[length - inclusion->length - 1] == '/' &&
		    memcmp(path + length - inclusion->length, inclusion->name,
			   inclusion->length) == 0)
			return true;
	}
	return false;
}

/* Looks for it where the unit's files are, as the options of the compiler are not known. */
static void add_included(struct macros *macros, struct unit_headers *unit,
			 const struct inclusion *inclusion, const struct source_frame *frame)
{
	struct source_frame header = *frame;
	char path[PATH_BYTES_MAX];

	for (size_t i = 0; i < unit->directory_count; i++) {
		int length = snprintf(path, sizeof(path), "%s/%.*s", unit->directories[i],
				      (int)inclusion->length, inclusion->name);

		if (length >= (int)sizeof(path) || access(path, R_OK) != 0)
			continue;
		header.file = pool_copy(macros->pool, path, (size_t)length);
		header.path = NULL;
		if (!is_of_system(header.file))
			add_header(macros, unit, find_header(macros, &header));
		return;
	}
}

/* The line table has the files of which there is code or a declaration: not those that have
 * macros alone, so these are looked for.  The system's are left out. */
static void list_included(struct macros *macros, struct unit_headers *unit,
			  const struct source_frame *frame)
{
	add_directories(macros, unit, SYSTEM_HEADERS, strlen(SYSTEM_HEADERS));
	if (frame->directory)
		add_directories(macros, unit, frame->directory, strlen(frame->directory));
	for (size_t i = 0; i < unit->count; i++)
		if (!is_of_system(unit->headers[i]->path))
			add_directories(macros, unit, unit->headers[i]->path,
					directory_length(unit->headers[i]->path));
	for (size_t i = 0; i < unit->count; i++) {
		const struct header *header = unit->headers[i];

		for (size_t k = 0; !is_of_system(header->path) && k < header->inclusion_count; k++)
			if (!is_listed(unit, &header->inclusions[k]))
				add_included(macros, unit, &header->inclusions[k], frame);
	}
}

static void list_headers(struct macros *macros, struct unit_headers *unit, Dwarf_Die *die,
			 const struct source_frame *frame)
{
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(die, &files, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct source_frame header = *frame;

		/* Lives as long as the file's debug information. */
		header.file = dwarf_filesrc(files, i, NULL, NULL);
		header.path = NULL;
		if (header.file)
			add_header(macros, unit, find_header(macros, &header));
	}
	list_included(macros, unit, frame);
}

/* Before DWARF 5 debug information does not have C's _Atomic. */
static bool hides_atomics(const struct unit_headers *unit, const Dwarf_Die *die)
{
	Dwarf_Half version = 0;

	if (dwarf_cu_info(die->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL) != 0 ||
	    version >= 5)
		return false;
	for (size_t i = 0; i < unit->count; i++)
		if (unit->headers[i]->has_atomic && !is_of_system(unit->headers[i]->path))
			return true;
	return false;
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
	unit->hides_atomics = hides_atomics(unit, &die);
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
			list[count++].is_of_system = is_of_system(header->path);
		}
	}
	*found = list;
	return count;
}

bool macros_may_hide_atomics(struct macros *macros, struct elf_image *image, uint64_t address,
			     const struct source_frame *frame)
{
	const struct unit_headers *unit = find_unit(macros, image, address, frame);

	return unit && unit->hides_atomics;
}
