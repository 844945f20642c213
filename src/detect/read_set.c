#include "detect/read_set.h"

#include "base/map.h"
#include "detect/detector.h"

#define BUCKETS 16384u

void read_set_table_init(struct read_set_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
}

const struct read_set *read_set_of(const struct detector *detector, uint64_t word)
{
	return id_table_get(&detector->read_sets.by_number, (uint32_t)shadow_number(word));
}

uint64_t read_set_epoch(const struct read_set *set, uint32_t slot)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (shadow_slot(set->members[i]) == slot)
			return shadow_epoch(set->members[i]);
	return 0;
}

static uint64_t hash_members(const uint64_t *members, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++)
		hash = hash_mix(hash ^ members[i]);
	return hash;
}

static bool is_same(const struct read_set *set, const uint64_t *members, uint32_t count)
{
	if (set->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (set->members[i] != members[i])
			return false;
	return true;
}

static const struct read_set *find(const struct read_set_table *table, const uint64_t *members,
				   uint32_t count, uint64_t hash)
{
	struct read_set *const *buckets = load_acquire(&table->buckets);
	const struct read_set *set = buckets ? load_acquire(&buckets[hash % BUCKETS]) : NULL;

	while (set && (set->hash != hash || !is_same(set, members, count)))
		set = set->next_in_bucket;
	return set;
}

/* Under table->busy. */
static const struct read_set *add(struct read_set_table *table, const uint64_t *members,
				  uint32_t count, uint64_t hash)
{
	struct read_set *set = arena_alloc(&table->arena, sizeof(*set) + count * sizeof(*members));

	if (!table->buckets)
		store_release(&table->buckets,
			      (struct read_set **)arena_alloc(&table->arena,
							      BUCKETS * sizeof(struct read_set *)));
	if (!set || !table->buckets)
		return NULL;
	set->hash = hash;
	set->number = table->by_number.last + 1;
	set->count = count;
	for (uint32_t i = 0; i < count; i++)
		set->members[i] = members[i];
	if (!id_table_set(&table->by_number, &table->arena, set->number, set))
		return NULL;
	set->next_in_bucket = table->buckets[hash % BUCKETS];
	/* release: pairs with find(). */
	store_release(&table->buckets[hash % BUCKETS], set);
	return set;
}

uint64_t read_set_intern(struct detector *detector, const uint64_t *members, uint32_t count,
			 uint32_t bytes)
{
	struct read_set_table *table = &detector->read_sets;
	uint64_t hash = hash_members(members, count);
	const struct read_set *set = find(table, members, count, hash);

	if (!set && spin_lock(&table->busy)) {
		set = find(table, members, count, hash);
		if (!set)
			set = add(table, members, count, hash);
		spin_unlock(&table->busy);
	}
	if (!set)
		return 0;
	return (uint64_t)set->number << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_SET << SHADOW_FORM_SHIFT | bytes;
}
