/*
 * A JSON document written piece by piece, so that a report needs memory for one finding
 * at a time.
 *
 * A frame of a stack occurs in many findings.  Who writes it gives the same value each time,
 * with a reference of his own, and such a value is made into text once at each depth.
 */
#ifndef REPORTS_FORMATS_JSON_JSON_STREAM_H
#define REPORTS_FORMATS_JSON_JSON_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Text that is still to be written. */
struct json_buffer {
	char *bytes;
	size_t count;
	size_t room;
};

struct json_stream {
	FILE *out;
	unsigned depth;
	bool has_members; /* the innermost open object or list */
	bool is_in_page; /* of HTML: no text of the program ends its element */
	bool is_compact; /* nothing between values; pages are */
	bool has_failed; /* no memory: the document is not whole */
	struct json_buffer buffer;
	struct json_rendered *rendered; /* the texts of shared values, by value and depth */
	size_t rendered_count, rendered_room;
	size_t rendered_bytes;
};

/* Opens an object or list by @bracket; @key: its name in an object, else NULL. */
void json_stream_open(struct json_stream *stream, const char *key, char bracket);
/* Writes @value, which it frees. */
void json_stream_add(struct json_stream *stream, const char *key, json_t *value);
void json_stream_close(struct json_stream *stream, char bracket);

/* Frees what it remembers; false if not all could be written. */
bool json_stream_end(struct json_stream *stream);

#endif
