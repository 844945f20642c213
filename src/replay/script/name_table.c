#include "replay/script/name_table.h"

#include <string.h>

#define FIRST_BUCKETS 64u

void name_table_init(struct name_table *names, struct arena *arena)
{
	*names = (struct name_table){.arena = arena};
}

/* FNV-1a, 32 bits (Fowler, Noll, Vo). */
static uint32_t hash_text(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

static struct name_entry *find_entry(const struct name_table *names, const char *text,
				     size_t length, uint32_t hash)
{
	struct name_entry *entry = intern_first(&names->by_text, hash);

	while (entry && (entry->hash != hash || entry->length != length ||
			 memcmp(entry->text, text, length) != 0))
		entry = intern_next(entry);
	return entry;
}

static uint64_t hash_of(const void *entry)
{
	return ((const struct name_entry *)entry)->hash;
}

uint32_t name_table_find(const struct name_table *names, const char *text, size_t length)
{
	const struct name_entry *entry = find_entry(names, text, length, hash_text(text, length));

	return entry ? entry->number : 0;
}

uint32_t name_table_intern(struct name_table *names, const char *text, size_t length)
{
	uint32_t hash = hash_text(text, length);
	struct name_entry *entry = find_entry(names, text, length, hash);

	if (entry)
		return entry->number;
	if (!intern_begin(&names->by_text, names->arena, FIRST_BUCKETS))
		return 0;
	entry = arena_alloc(names->arena, sizeof(*entry) + length + 1);
	if (!entry)
		return 0;
	entry->number = name_table_count(names) + 1;
	entry->hash = hash;
	entry->length = (uint32_t)length;
	memcpy(entry->text, text, length);
	if (!id_table_set(&names->by_number, names->arena, entry->number, entry))
		return 0;
	intern_add(&names->by_text, entry, hash);
	intern_grow(&names->by_text, names->arena, hash_of);
	return entry->number;
}

const char *name_table_text(const struct name_table *names, uint32_t number)
{
	const struct name_entry *entry = number ? id_table_get(&names->by_number, number) : NULL;

	return entry ? entry->text : "";
}
