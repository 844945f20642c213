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
	struct name_entry *entry;

	if (!names->buckets)
		return NULL;
	entry = names->buckets[hash % names->bucket_count];
	while (entry && (entry->hash != hash || entry->length != length ||
			 memcmp(entry->text, text, length) != 0))
		entry = entry->next;
	return entry;
}

/* As many buckets as names; more names in few buckets only cost time. */
static bool reserve_buckets(struct name_table *names)
{
	uint32_t more = names->bucket_count ? names->bucket_count * 2 : FIRST_BUCKETS;
	struct name_entry **buckets;

	if (name_table_count(names) < names->bucket_count)
		return true;
	buckets = arena_alloc(names->arena, more * sizeof(struct name_entry *));
	if (!buckets)
		return names->buckets;
	for (uint32_t i = 0; i < names->bucket_count; i++) {
		while (names->buckets[i]) {
			struct name_entry *entry = names->buckets[i];

			names->buckets[i] = entry->next;
			entry->next = buckets[entry->hash % more];
			buckets[entry->hash % more] = entry;
		}
	}
	arena_free(names->arena, (void *)names->buckets,
		   names->bucket_count * sizeof(struct name_entry *));
	names->buckets = buckets;
	names->bucket_count = more;
	return true;
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
	struct name_entry **bucket;

	if (entry)
		return entry->number;
	if (!reserve_buckets(names))
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
	bucket = &names->buckets[hash % names->bucket_count];
	entry->next = *bucket;
	*bucket = entry;
	return entry->number;
}

const char *name_table_text(const struct name_table *names, uint32_t number)
{
	const struct name_entry *entry = number ? id_table_get(&names->by_number, number) : NULL;

	return entry ? entry->text : "";
}
