#include "base/intern.h"

static struct intern_link **bucket_of(const struct intern_table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->bucket_count - 1)];
}

bool intern_begin(struct intern_table *table, struct arena *arena, uint32_t bucket_count)
{
	struct intern_link **buckets = table->buckets;

	if (buckets)
		return true;
	buckets = arena_alloc(arena, bucket_count * sizeof(*buckets));
	if (!buckets)
		return false;
	/* release: these pair with intern_first(); who sees the number sees as many. */
	store_release(&table->buckets, buckets);
	store_release(&table->bucket_count, bucket_count);
	return true;
}

static void put_in_bucket(struct intern_table *table, struct intern_link *link, uint64_t hash)
{
	struct intern_link **bucket = bucket_of(table, hash);

	/* release: these pair with intern_first() and intern_next(). */
	store_release(&link->next, *bucket);
	store_release(bucket, link);
}

bool intern_grow_searched(struct intern_table *table, struct arena *arena, intern_hash hash_of)
{
	struct intern_table old = *table;
	struct intern_link **larger;

	if (old.count < old.bucket_count)
		return false;
	larger = arena_alloc(arena, 2 * old.bucket_count * sizeof(*larger));
	if (!larger)
		return false;
	/* release: as in intern_begin() */
	store_release(&table->buckets, larger);
	store_release(&table->bucket_count, 2 * old.bucket_count);
	for (uint32_t i = 0; i < old.bucket_count; i++) {
		for (struct intern_link *link = old.buckets[i], *next; link; link = next) {
			next = link->next;
			put_in_bucket(table, link, hash_of(link));
		}
	}
	return true;
}

void intern_grow(struct intern_table *table, struct arena *arena, intern_hash hash_of)
{
	struct intern_table old = *table;

	if (intern_grow_searched(table, arena, hash_of))
		arena_free(arena, old.buckets, old.bucket_count * sizeof(*old.buckets));
}

void intern_add(struct intern_table *table, void *value, uint64_t hash)
{
	put_in_bucket(table, value, hash);
	table->count++;
}

void intern_remove(struct intern_table *table, void *value, uint64_t hash)
{
	struct intern_link **link = bucket_of(table, hash);

	while (*link != value)
		link = &(*link)->next;
	/* release: pairs with intern_next(). */
	store_release(link, ((struct intern_link *)value)->next);
	table->count--;
}
