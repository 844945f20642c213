/*
 * A JSON document written piece by piece, so that a report needs memory for one finding
 * at a time.
 */
#ifndef REPORTS_FORMATS_JSON_JSON_STREAM_H
#define REPORTS_FORMATS_JSON_JSON_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct json_stream {
	FILE *out;
	unsigned depth;
	bool has_members; /* the innermost open object or list */
	bool is_in_page; /* of HTML: not indented, and no text of the program ends its element */
};

/* Opens an object or list by @bracket; @key: its name in an object, else NULL. */
void json_stream_open(struct json_stream *stream, const char *key, char bracket);
/* Writes @value, which it frees. */
void json_stream_add(struct json_stream *stream, const char *key, json_t *value);
void json_stream_close(struct json_stream *stream, char bracket);

#endif
