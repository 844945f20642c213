/*
 * A pool: the memory of one report, freed as a whole.
 *
 * A report lives shortly and shares its strings (one file name in the frames of a
 * hundred findings), so no single piece has an owner.  When memory is exhausted the
 * pool writes a message and ends the command.
 */
#ifndef REPORTS_MODEL_POOL_H
#define REPORTS_MODEL_POOL_H

#include "base/types.h"

struct pool_chunk;

struct pool {
	struct pool_chunk *chunks;
	size_t left_bytes; /* in the first chunk */
};

/* Zeroed, aligned to 16 bytes. */
void *pool_alloc(struct pool *pool, size_t size_bytes);

/* A terminated copy of @length bytes. */
char *pool_copy(struct pool *pool, const char *text, size_t length);

char *pool_format(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more element of an array that has @count elements of @size_bytes.
 * The array moves when @count is a power of two. */
void *pool_grow(struct pool *pool, void *array, size_t count, size_t size_bytes);

void pool_free(struct pool *pool);

#endif
