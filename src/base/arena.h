/*
 * Arenas: memory without malloc.
 *
 * An arena takes pages from a source that its creator gives (mmap in the guest) and
 * cuts them into blocks, aligned to 16 bytes and zeroed.  Freed blocks go to a
 * list of their size class and are reused; pages are never returned.
 *
 * Not thread-safe: the owner of an arena serialises access to it.  Others give blocks
 * back by arena_return(), else what one makes and another drops would grow without end.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/types.h"

/* Returns @size_bytes (a multiple of 4096) of zeroed memory, or NULL. */
typedef void *(*page_source)(size_t size_bytes);

#define ARENA_CLASS_COUNT 60 /* up to 2^34 bytes */

struct returned_block {
	struct returned_block *next;
	size_t size_bytes;
};

struct arena {
	page_source pages;
	char *next;
	size_t left_bytes;
	size_t taken_bytes; /* from the source, for --stats */
	void *free_lists[ARENA_CLASS_COUNT];
	struct returned_block *returned; /* by others */
};

void arena_init(struct arena *arena, page_source pages);

/* NULL when the source is exhausted. */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/* The same, but what is in it may be anything. */
void *arena_alloc_unclear(struct arena *arena, size_t size_bytes);

/* @size_bytes is the size that was allocated.  @block may be NULL. */
void arena_free(struct arena *arena, void *block, size_t size_bytes);

/* The same by any thread. */
void arena_return(struct arena *arena, void *block, size_t size_bytes);

/* As realloc(): moves @block to a larger one whose new bytes are zero; NULL, and
 * @block intact, when the source is exhausted. */
void *arena_grow(struct arena *arena, void *block, size_t old_bytes, size_t new_bytes);

/* A page source: mmap() without libc; or, where that fails, what was set aside, if
 * anything was. */
void *pages_from_kernel(size_t size_bytes);
void pages_set_aside(size_t size_bytes);

#endif
