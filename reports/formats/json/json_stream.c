#include "reports/formats/json/json_stream.h"

#include <string.h>

static void begin_line(const struct json_stream *stream)
{
	if (!stream->is_in_page)
		fprintf(stream->out, "\n%*s", (int)(2 * stream->depth), "");
}

/* Of jansson: line ends stand between values only, as those in texts are escaped, and in a
 * page there are none. */
static int write_text(const char *text, size_t length, void *context)
{
	struct json_stream *stream = context;

	const char *found;

	while ((found = memchr(text, stream->is_in_page ? '<' : '\n', length))) {
		fwrite(text, 1, (size_t)(found - text), stream->out);
		if (stream->is_in_page)
			fputs("\\u003c", stream->out);
		else
			begin_line(stream);
		length -= (size_t)(found + 1 - text);
		text = found + 1;
	}
	fwrite(text, 1, length, stream->out);
	return 0;
}

static void begin_member(struct json_stream *stream, const char *key)
{
	if (stream->has_members)
		putc(',', stream->out);
	if (stream->depth)
		begin_line(stream);
	if (key)
		fprintf(stream->out, stream->is_in_page ? "\"%s\":" : "\"%s\": ", key);
	stream->has_members = true;
}

void json_stream_open(struct json_stream *stream, const char *key, char bracket)
{
	begin_member(stream, key);
	putc(bracket, stream->out);
	stream->depth++;
	stream->has_members = false;
}

void json_stream_add(struct json_stream *stream, const char *key, json_t *value)
{
	size_t layout = stream->is_in_page ? JSON_COMPACT : JSON_INDENT(2);

	begin_member(stream, key);
	if (!value || json_dump_callback(value, write_text, stream,
					 layout | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY) != 0)
		fputs("null", stream->out);
	json_decref(value);
}

void json_stream_close(struct json_stream *stream, char bracket)
{
	stream->depth--;
	if (stream->has_members)
		begin_line(stream);
	putc(bracket, stream->out);
	stream->has_members = true;
}
