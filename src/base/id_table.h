/*
 * Tables from small ids to pointers, read without a lock.
 *
 * Two levels of pages that never move; writers are serialised by the owner.
 */
#ifndef BASE_ID_TABLE_H
#define BASE_ID_TABLE_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/types.h"

#define ID_TABLE_CHUNK 4096u
#define ID_TABLE_CHUNKS 65536u

struct id_table {
	void **(*chunks)[ID_TABLE_CHUNKS];
	uint32_t last; /* the highest id given out */
};

/* NULL if there is none. */
static inline void *id_table_get(const struct id_table *table, uint32_t id)
{
	void **chunk;

	if (!table->chunks || id / ID_TABLE_CHUNK >= ID_TABLE_CHUNKS)
		return NULL;
	/* acquire: pairs with the releases in id_table_set(). */
	chunk = load_acquire(&(*table->chunks)[id / ID_TABLE_CHUNK]);
	return chunk ? load_acquire(&chunk[id % ID_TABLE_CHUNK]) : NULL;
}

/* False when memory or the ids are exhausted. */
static inline bool id_table_set(struct id_table *table, struct arena *arena, uint32_t id,
				void *value)
{
	void **chunk;

	if (id / ID_TABLE_CHUNK >= ID_TABLE_CHUNKS)
		return false;
	if (!table->chunks)
		table->chunks = (void **(*)[ID_TABLE_CHUNKS])arena->pages(sizeof(*table->chunks));
	if (!table->chunks)
		return false;
	chunk = (*table->chunks)[id / ID_TABLE_CHUNK];
	if (!chunk) {
		chunk = arena_alloc(arena, ID_TABLE_CHUNK * sizeof(void *));
		if (!chunk)
			return false;
		/* release: pairs with id_table_get(). */
		store_release(&(*table->chunks)[id / ID_TABLE_CHUNK], chunk);
	}
	/* release: pairs with id_table_get(); who sees the value sees it filled. */
	store_release(&chunk[id % ID_TABLE_CHUNK], value);
	if (table->last < id)
		store_relaxed(&table->last, id); /* relaxed: others ask for a hint alone */
	return true;
}

#endif
