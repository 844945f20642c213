#include "reports/formats/json/json_stream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/types.h"

#define RENDERED_BYTES_MAX (64u << 20) /* of shared values; others are made anew */
#define RENDERED_LEAST 1024u

/* The text of a shared value.  The reference keeps the value's address from being another's. */
struct json_rendered {
	json_t *value; /* NULL: free */
	unsigned depth;
	size_t length;
	char *text;
};

/* --- Bytes ------------------------------------------------------------------------ */

/* Room for @count more bytes; NULL: no memory. */
static char *make_room(struct json_stream *stream, size_t count)
{
	struct json_buffer *buffer = &stream->buffer;
	size_t room = buffer->room ? buffer->room : 4096;
	char *bytes;

	while (room < buffer->count + count)
		room *= 2;
	if (room == buffer->room)
		return buffer->bytes + buffer->count;
	bytes = realloc(buffer->bytes, room);
	if (!bytes) {
		stream->has_failed = true;
		return NULL;
	}
	buffer->bytes = bytes;
	buffer->room = room;
	return bytes + buffer->count;
}

static void put(struct json_stream *stream, const char *bytes, size_t count)
{
	char *to = make_room(stream, count);

	if (!to)
		return;
	memcpy(to, bytes, count);
	stream->buffer.count += count;
}

static void put_text(struct json_stream *stream, const char *text)
{
	put(stream, text, strlen(text));
}

static void put_byte(struct json_stream *stream, char byte)
{
	put(stream, &byte, 1);
}

static void flush(struct json_stream *stream)
{
	fwrite(stream->buffer.bytes, 1, stream->buffer.count, stream->out);
	stream->buffer.count = 0;
}

static bool is_compact(const struct json_stream *stream)
{
	return stream->is_compact || stream->is_in_page;
}

static void begin_line(struct json_stream *stream)
{
	char *to;

	if (is_compact(stream))
		return;
	to = make_room(stream, 1 + 2 * (size_t)stream->depth);
	if (!to)
		return;
	*to = '\n';
	memset(to + 1, ' ', 2 * (size_t)stream->depth);
	stream->buffer.count += 1 + 2 * (size_t)stream->depth;
}

/* --- Values ----------------------------------------------------------------------- */

/* What stands for @byte in a string; NULL: itself.  @room is for the number of a character. */
static const char *escape(const struct json_stream *stream, unsigned char byte, char room[8])
{
	switch (byte) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '<':
		return stream->is_in_page ? "\\u003c" : NULL;
	default:
		break;
	}
	if (byte >= ' ')
		return NULL;
	snprintf(room, 8, "\\u%04X", byte);
	return room;
}

static void put_string(struct json_stream *stream, const char *text, size_t length)
{
	size_t start = 0;

	put_byte(stream, '"');
	for (size_t i = 0; i < length; i++) {
		char room[8];
		const char *escaped = escape(stream, (unsigned char)text[i], room);

		if (!escaped)
			continue;
		put(stream, text + start, i - start);
		put_text(stream, escaped);
		start = i + 1;
	}
	put(stream, text + start, length - start);
	put_byte(stream, '"');
}

static void put_key(struct json_stream *stream, const char *key)
{
	put_string(stream, key, strlen(key));
	put_text(stream, is_compact(stream) ? ":" : ": ");
}

static void put_value(struct json_stream *stream, json_t *value);

/* @key: its name, or NULL in a list. */
static void put_member(struct json_stream *stream, bool is_first, const char *key, json_t *value)
{
	if (!is_first)
		put_byte(stream, ',');
	begin_line(stream);
	if (key)
		put_key(stream, key);
	put_value(stream, value);
}

static void put_members(struct json_stream *stream, json_t *value)
{
	bool is_object = json_is_object(value);
	bool is_first = true;
	const char *key;
	json_t *member;
	size_t i;

	put_byte(stream, is_object ? '{' : '[');
	stream->depth++;
	json_object_foreach(value, key, member) {
		put_member(stream, is_first, key, member);
		is_first = false;
	}
	json_array_foreach(value, i, member) {
		put_member(stream, is_first, NULL, member);
		is_first = false;
	}
	stream->depth--;
	if (!is_first)
		begin_line(stream);
	put_byte(stream, is_object ? '}' : ']');
}

static size_t hash_rendered(const json_t *value, unsigned depth)
{
	return (size_t)hash_append(hash_append(1, (uint64_t)(uintptr_t)value), depth);
}

/* The place of a value in the table, which has one that is free. */
static struct json_rendered *find_rendered(const struct json_stream *stream, const json_t *value,
					   unsigned depth)
{
	size_t mask = stream->rendered_room - 1;
	size_t at = hash_rendered(value, depth) & mask;

	while (stream->rendered[at].value &&
	       (stream->rendered[at].value != value || stream->rendered[at].depth != depth))
		at = (at + 1) & mask;
	return &stream->rendered[at];
}

/* Keeps a quarter of the table free; false: no memory. */
static bool grow_rendered(struct json_stream *stream)
{
	struct json_rendered *old = stream->rendered;
	size_t room = stream->rendered_room;
	struct json_rendered *table;

	if (room && stream->rendered_count < room - room / 4)
		return true;
	stream->rendered_room = room ? 2 * room : RENDERED_LEAST;
	table = calloc(stream->rendered_room, sizeof(*table));
	if (!table) {
		stream->rendered_room = room;
		return false;
	}
	stream->rendered = table;
	for (size_t i = 0; i < room; i++)
		if (old[i].value)
			*find_rendered(stream, old[i].value, old[i].depth) = old[i];
	free(old);
	return true;
}

/* Remembers what stands in the buffer from @start on as the text of @value. */
static void remember(struct json_stream *stream, json_t *value, size_t start)
{
	size_t length = stream->buffer.count - start;
	struct json_rendered *rendered;
	char *text;

	if (stream->rendered_bytes + length > RENDERED_BYTES_MAX || !grow_rendered(stream))
		return;
	text = malloc(length);
	if (!text)
		return;
	memcpy(text, stream->buffer.bytes + start, length);
	rendered = find_rendered(stream, value, stream->depth);
	*rendered = (struct json_rendered){json_incref(value), stream->depth, length, text};
	stream->rendered_count++;
	stream->rendered_bytes += length;
}

static void put_shared(struct json_stream *stream, json_t *value)
{
	const struct json_rendered *known =
		stream->rendered_room ? find_rendered(stream, value, stream->depth) : NULL;
	size_t start = stream->buffer.count;

	if (known && known->value) {
		put(stream, known->text, known->length);
		return;
	}
	put_members(stream, value);
	if (!stream->has_failed)
		remember(stream, value, start);
}

static void put_number(struct json_stream *stream, const json_t *value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	put_text(stream, text);
}

static void put_value(struct json_stream *stream, json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		if (value->refcount > 1) {
			put_shared(stream, value);
			break;
		}
		put_members(stream, value);
		break;
	case JSON_ARRAY:
		put_members(stream, value);
		break;
	case JSON_STRING:
		put_string(stream, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		put_number(stream, value);
		break;
	case JSON_TRUE:
		put_text(stream, "true");
		break;
	case JSON_FALSE:
		put_text(stream, "false");
		break;
	case JSON_REAL:
	case JSON_NULL:
		put_text(stream, "null");
		break;
	}
}

/* --- Documents -------------------------------------------------------------------- */

static void begin_member(struct json_stream *stream, const char *key)
{
	if (stream->has_members)
		put_byte(stream, ',');
	if (stream->depth)
		begin_line(stream);
	if (key)
		put_key(stream, key);
	stream->has_members = true;
}

void json_stream_open(struct json_stream *stream, const char *key, char bracket)
{
	begin_member(stream, key);
	put_byte(stream, bracket);
	stream->depth++;
	stream->has_members = false;
	flush(stream);
}

void json_stream_add(struct json_stream *stream, const char *key, json_t *value)
{
	begin_member(stream, key);
	if (value)
		put_value(stream, value);
	else
		put_text(stream, "null");
	flush(stream);
	json_decref(value);
}

void json_stream_close(struct json_stream *stream, char bracket)
{
	stream->depth--;
	if (stream->has_members)
		begin_line(stream);
	put_byte(stream, bracket);
	stream->has_members = true;
	flush(stream);
}

bool json_stream_end(struct json_stream *stream)
{
	for (size_t i = 0; i < stream->rendered_room; i++) {
		json_decref(stream->rendered[i].value);
		free(stream->rendered[i].text);
	}
	free(stream->rendered);
	free(stream->buffer.bytes);
	return !stream->has_failed && !ferror(stream->out);
}
