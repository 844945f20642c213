#include "reports/model/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64u * 1024u)
#define FIRST_CHUNK_BYTES (4u * 1024u) /* a run without findings needs no more */
#define OUT_OF_MEMORY_STATUS 125

struct pool_chunk {
	_Alignas(16) struct pool_chunk *next; /* as what follows has to be */
	char *end;
	size_t usual_bytes; /* of a chunk; twice as many of each later one, up to CHUNK_BYTES */
};

static size_t next_usual_bytes(const struct pool *pool)
{
	if (!pool->chunks)
		return FIRST_CHUNK_BYTES;
	return pool->chunks->usual_bytes < CHUNK_BYTES ? 2 * pool->chunks->usual_bytes
						       : CHUNK_BYTES;
}

static void add_chunk(struct pool *pool, size_t size_bytes)
{
	size_t usual = next_usual_bytes(pool);
	size_t room = size_bytes > usual ? size_bytes : usual;
	struct pool_chunk *chunk = calloc(1, sizeof(*chunk) + room);

	if (!chunk) {
		fputs("snarl: out of memory while reporting\n", stderr);
		exit(OUT_OF_MEMORY_STATUS);
	}
	chunk->end = (char *)(chunk + 1) + room;
	chunk->next = pool->chunks;
	chunk->usual_bytes = usual;
	pool->chunks = chunk;
	pool->left_bytes = room;
}

void *pool_alloc(struct pool *pool, size_t size_bytes)
{
	size_t rounded = (size_bytes + 15) & ~(size_t)15;
	char *block;

	if (!pool->chunks || pool->left_bytes < rounded)
		add_chunk(pool, rounded);
	block = pool->chunks->end - pool->left_bytes;
	pool->left_bytes -= rounded;
	return block;
}

char *pool_copy(struct pool *pool, const char *text, size_t length)
{
	char *copy = pool_alloc(pool, length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *pool_format(struct pool *pool, const char *format, ...)
{
	va_list arguments;
	va_list again;
	int length;
	char *text;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	text = pool_alloc(pool, (length < 0 ? 0 : (size_t)length) + 1);
	vsnprintf(text, (length < 0 ? 0 : (size_t)length) + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text;
}

void *pool_grow(struct pool *pool, void *array, size_t count, size_t size_bytes)
{
	void *larger;

	if (count && (count & (count - 1)))
		return array;
	larger = pool_alloc(pool, (count ? 2 * count : 1) * size_bytes);
	if (count)
		memcpy(larger, array, count * size_bytes);
	return larger;
}

void pool_free(struct pool *pool)
{
	while (pool->chunks) {
		struct pool_chunk *next = pool->chunks->next;

		free(pool->chunks);
		pool->chunks = next;
	}
	pool->left_bytes = 0;
}
