/*
 * A map from 64-bit keys to 64-bit values, for paths that are not hot.
 *
 * Entries keep the order in which their keys were added.  Memory comes from
 * the arena that map_init() names.
 *
 * Not thread-safe: the owner serialises access.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/types.h"

struct map_entry;

struct map {
	struct map_entry *entries;
	struct arena *arena;
};

void map_init(struct map *map, struct arena *arena);

/* Adds @key or changes its value.  False when memory is exhausted; the map is
 * then unchanged. */
bool map_set(struct map *map, uint64_t key, uint64_t value);

/* The value of @key, valid until the key is removed; or NULL. */
uint64_t *map_find(const struct map *map, uint64_t key);

/* True if @key was there. */
bool map_remove(struct map *map, uint64_t key);

uint32_t map_count(const struct map *map);

/* The same with pointers as values; NULL: not there. */
static inline bool map_set_pointer(struct map *map, uint64_t key, void *value)
{
	return map_set(map, key, (uintptr_t)value);
}

static inline void *map_find_pointer(const struct map *map, uint64_t key)
{
	const uint64_t *value = map_find(map, key);

	return value ? (void *)(uintptr_t)*value : NULL;
}

#endif
