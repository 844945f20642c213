#include "base/map.h"

#include "base/hash.h"

/* How uthash allocates; each function below that adds or removes has 'map' in
 * scope.  By default uthash calls exit() when memory is exhausted. */
#define uthash_malloc(size_bytes) arena_alloc(map->arena, size_bytes)
#define uthash_free(block, size_bytes) arena_free(map->arena, block, size_bytes)
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((void)(entry))

/* Keys are one word: no hashing of bytes. */
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)hash_mix(*(key)))
#define HASH_KEYCMP(a, b, length) (*(const uint64_t *)(a) != *(const uint64_t *)(b))

#include <uthash.h>

struct map_entry {
	uint64_t key;
	uint64_t value;
	UT_hash_handle hh;
};

static struct map_entry *find_entry(const struct map *map, uint64_t key)
{
	struct map_entry *entry;

	HASH_FIND(hh, map->entries, &key, sizeof(key), entry);
	return entry;
}

static void remove_entry(struct map *map, struct map_entry *entry)
{
	HASH_DELETE(hh, map->entries, entry);
	arena_free(map->arena, entry, sizeof(*entry));
}

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){.arena = arena};
}

bool map_set(struct map *map, uint64_t key, uint64_t value)
{
	struct map_entry *entry = find_entry(map, key);

	if (!entry) {
		entry = arena_alloc(map->arena, sizeof(*entry));
		if (!entry)
			return false;
		entry->key = key;
		HASH_ADD(hh, map->entries, key, sizeof(entry->key), entry);
		/* uthash could not allocate its table. */
		if (!entry->hh.tbl) {
			arena_free(map->arena, entry, sizeof(*entry));
			return false;
		}
	}
	entry->value = value;
	return true;
}

uint64_t *map_find(const struct map *map, uint64_t key)
{
	struct map_entry *entry = find_entry(map, key);

	return entry ? &entry->value : NULL;
}

bool map_remove(struct map *map, uint64_t key)
{
	struct map_entry *entry = find_entry(map, key);

	if (entry)
		remove_entry(map, entry);
	return entry;
}

uint32_t map_count(const struct map *map)
{
	return HASH_COUNT(map->entries);
}
