#include <stdlib.h>
#include <string.h>

#include "reports/formats/html/html_parts.h"
#include "reports/formats/json/json_parts.h"
#include "reports/model/text_set.h"
#include "reports/symbols/source_text.h"

#define AROUND 3 /* lines before and behind one that is named */
#define LINE_MAX 1000000u
#define LINE_BYTES_MAX 1000

struct source_lines {
	struct source_frame frame; /* names the file */
	unsigned char *is_wanted;  /* by line */
	size_t room;
};

struct html_sources {
	struct text_set paths;
	struct pool pool;
	struct source_lines *files; /* by the number of the path */
};

struct html_sources *html_sources_new(void)
{
	return calloc(1, sizeof(struct html_sources));
}

static void want_line(struct source_lines *file, size_t line)
{
	size_t end = line + AROUND + 1;
	size_t room = end * 2;

	if (line > LINE_MAX)
		return;
	if (end > file->room) {
		unsigned char *wider = realloc(file->is_wanted, room);

		if (!wider)
			return;
		memset(wider + file->room, 0, room - file->room);
		file->is_wanted = wider;
		file->room = room;
	}
	for (size_t i = line > AROUND ? line - AROUND : 1; i < end; i++)
		file->is_wanted[i] = 1;
}

static const char *copy_text(struct pool *pool, const json_t *text)
{
	return json_is_string(text) ? pool_copy(pool, json_string_value(text),
						json_string_length(text))
				    : NULL;
}

/* @place: "src/bank.c:12", of which the page knows the file. */
static struct source_lines *find_file(struct html_sources *sources, const json_t *frame,
				      const char *place)
{
	size_t count = sources->paths.count;
	const char *end = strrchr(place, ':');
	size_t number = text_set_add(&sources->paths, pool_copy(&sources->pool, place,
								end ? (size_t)(end - place) : 0));

	if (number == count) {
		sources->files =
			pool_grow(&sources->pool, sources->files, count, sizeof(*sources->files));
		sources->files[number] = (struct source_lines){
			.frame = {.file = copy_text(&sources->pool, json_object_get(frame, "file")),
				  .directory = copy_text(&sources->pool,
							 json_object_get(frame, "directory"))}};
	}
	return &sources->files[number];
}

static void add_frame(struct html_sources *sources, const json_t *frame)
{
	const char *place = json_string_value(json_object_get(frame, "place"));
	json_int_t line = json_integer_value(json_object_get(frame, "line"));

	if (place && line > 0 && json_is_string(json_object_get(frame, "file")))
		want_line(find_file(sources, frame, place), (size_t)line);
}

void html_sources_add(struct html_sources *sources, json_t *value)
{
	const char *key;
	json_t *part;
	size_t i;

	if (json_is_object(value))
		add_frame(sources, value);
	json_object_foreach(value, key, part)
		html_sources_add(sources, part);
	json_array_foreach(value, i, part)
		html_sources_add(sources, part);
}

/* {"LINE": "text", ...} of @text, as far as they are wanted. */
static json_t *make_lines(const struct source_lines *lines, struct pool *pool, const char *text)
{
	json_t *object = json_object();
	char key[24];

	for (size_t number = 1; number < lines->room && *text; number++) {
		size_t length = strcspn(text, "\r\n");
		size_t kept = length < LINE_BYTES_MAX ? length : LINE_BYTES_MAX;

		snprintf(key, sizeof(key), "%zu", number);
		if (lines->is_wanted[number])
			json_object_set_new(object, key, json_text(pool_copy(pool, text, kept)));
		text += length;
		text += *text == '\r' && text[1] == '\n';
		text += *text != '\0';
	}
	return object;
}

static void write_file(struct source_lines *lines, const char *path, struct json_stream *stream)
{
	struct pool pool = {0};
	struct source_file file;

	if (source_file_read(&pool, &lines->frame, &file))
		json_stream_add(stream, NULL,
				json_pack("{soso}", "path", json_text(path), "lines",
					  make_lines(lines, &pool, file.text)));
	pool_free(&pool);
	free(lines->is_wanted);
}

void html_sources_write(struct html_sources *sources, struct json_stream *stream)
{
	json_stream_open(stream, NULL, '[');
	for (size_t i = 0; i < sources->paths.count; i++)
		write_file(&sources->files[i], sources->paths.texts[i], stream);
	json_stream_close(stream, ']');
	text_set_free(&sources->paths);
	pool_free(&sources->pool);
	free(sources);
}
