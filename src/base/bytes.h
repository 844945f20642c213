/*
 * Cursors over bytes: little-endian numbers and counted strings.
 *
 * A cursor that meets the end of its buffer sets 'failed', and further calls
 * do nothing (a reader then yields zeroes): check once, at the end.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <string.h>

#include "base/types.h"

struct byte_writer {
	unsigned char *next;
	unsigned char *end;
	bool failed;
};

struct byte_reader {
	const unsigned char *next;
	const unsigned char *end;
	bool failed;
};

/* Not terminated. */
struct byte_string {
	const char *text;
	uint32_t length;
};

static inline void write_bytes(struct byte_writer *writer, const void *data, size_t size_bytes)
{
	if (writer->failed || (size_t)(writer->end - writer->next) < size_bytes) {
		writer->failed = true;
		return;
	}
	memcpy(writer->next, data, size_bytes);
	writer->next += size_bytes;
}

static inline void write_u32(struct byte_writer *writer, uint32_t value)
{
	write_bytes(writer, &value, sizeof(value));
}

static inline void write_u64(struct byte_writer *writer, uint64_t value)
{
	write_bytes(writer, &value, sizeof(value));
}

static inline void write_string(struct byte_writer *writer, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	write_u32(writer, (uint32_t)length);
	write_bytes(writer, text ? text : "", length);
}

static inline const void *read_bytes(struct byte_reader *reader, size_t size_bytes)
{
	const unsigned char *data = reader->next;

	if (reader->failed || (size_t)(reader->end - reader->next) < size_bytes) {
		reader->failed = true;
		return NULL;
	}
	reader->next += size_bytes;
	return data;
}

static inline uint32_t read_u32(struct byte_reader *reader)
{
	uint32_t value = 0;
	const void *data = read_bytes(reader, sizeof(value));

	if (data)
		memcpy(&value, data, sizeof(value));
	return value;
}

static inline uint64_t read_u64(struct byte_reader *reader)
{
	uint64_t value = 0;
	const void *data = read_bytes(reader, sizeof(value));

	if (data)
		memcpy(&value, data, sizeof(value));
	return value;
}

static inline struct byte_string read_string(struct byte_reader *reader)
{
	struct byte_string string = {"", 0};
	uint32_t length = read_u32(reader);
	const void *data = read_bytes(reader, length);

	if (data)
		string = (struct byte_string){data, length};
	return string;
}

#endif
