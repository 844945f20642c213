#include "detect/shadow/atomic_table.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"

#define SWEEP_FIRST 4096u

struct atomic_table *atomic_table_create(struct arena *arena, page_source pages)
{
	struct atomic_table *table = arena_alloc(arena, sizeof(*table));

	if (!table)
		return NULL;
	arena_init(&table->arena, pages);
	table->sweep_at = SWEEP_FIRST;
	return table;
}

static bool is_named(const struct atomic_location *location)
{
	struct shadow shadow = shadow_of(location->granule);
	uint64_t read = load_relaxed(shadow.read);

	/* relaxed: the two change one after the other, so that one of them names it at any time. */
	return load_relaxed(shadow.write) == atomic_word(location) ||
	       read == atomic_word(location) ||
	       read == atomic_asleep_word(location, shadow_slot(read));
}

/* Under table->busy.  A location whose memory has begun a new life is named by
 * no shadow word. */
static void sweep_locations(struct atomic_table *table, struct thread *thread)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct atomic_location *location = id_table_get(&table->by_number, number);

		if (!location || !location->is_in_use || is_named(location) ||
		    load_relaxed(&location->busy.is_taken) || !spin_lock(&location->busy))
			continue;
		for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
			snapshot_drop(location->halves[i].clock, &table->arena);
		cells_free(thread, location->write);
		cells_free(thread, location->read);
		location->is_in_use = false;
		location->next_free = table->free_list;
		table->free_list = location;
		table->in_use_count--;
		spin_unlock(&location->busy);
	}
	table->sweep_at = table->in_use_count < SWEEP_FIRST / 2 ? SWEEP_FIRST
								: 2 * table->in_use_count;
}

/* Under table->busy. */
static struct atomic_location *new_location(struct atomic_table *table)
{
	struct atomic_location *location = table->free_list;
	uint32_t number;

	if (location) {
		table->free_list = location->next_free;
		/* Threads know the last version that they have seen. */
		*location = (struct atomic_location){.number = location->number,
						     .version = location->version + 1,
						     .stores_wanted = ATOMIC_STORES_ALONE};
		return location;
	}
	location = arena_alloc(&table->arena, sizeof(*location));
	number = table->by_number.last + 1;
	if (!location || !id_table_set(&table->by_number, &table->arena, number, location))
		return NULL;
	location->number = number;
	location->stores_wanted = ATOMIC_STORES_ALONE;
	return location;
}

struct atomic_location *atomic_table_take(struct detector *detector, struct thread *thread,
					  uintptr_t granule)
{
	struct atomic_table *table = detector->atomics;
	struct atomic_location *location;

	if (!spin_lock(&table->busy))
		return NULL;
	if (table->in_use_count >= table->sweep_at)
		sweep_locations(table, thread);
	location = new_location(table);
	if (location) {
		location->granule = granule;
		location->is_in_use = true;
		table->in_use_count++;
	}
	spin_unlock(&table->busy);
	return location;
}

void atomic_table_give_back(struct detector *detector, struct atomic_location *location)
{
	struct atomic_table *table = detector->atomics;

	if (!spin_lock(&table->busy))
		return; /* it is found by the next sweep */
	location->is_in_use = false;
	location->next_free = table->free_list;
	table->free_list = location;
	table->in_use_count--;
	spin_unlock(&table->busy);
}

struct atomic_location *atomic_table_get(const struct detector *detector, uint64_t word)
{
	return id_table_get(&detector->atomics->by_number, (uint32_t)shadow_number(word));
}

void atomic_table_forks(struct atomic_table *table)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct atomic_location *location = id_table_get(&table->by_number, number);
		bool is_named_now = location && location->is_in_use && is_named(location);

		/* Written only if need be: a write copies the page in parent or child. */
		if (location && location->was_named != is_named_now)
			location->was_named = is_named_now;
	}
}

/* What threads meet at an atomic location must not depend on a fork. */
static void name_again(const struct atomic_location *location)
{
	struct shadow shadow = shadow_of(location->granule);

	/* relaxed: there is one thread. */
	store_relaxed(shadow.write, atomic_word(location));
	store_relaxed(shadow.read, atomic_word(location));
}

void atomic_table_forked(struct atomic_table *table, const struct thread *survivor)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct atomic_location *location = id_table_get(&table->by_number, number);

		if (location && location->was_named)
			name_again(location);
		if (!location || location->user == survivor->id)
			continue;
		/* Written only if need be: the memory is shared with the parent until then. */
		if (location->busy.is_taken)
			spin_unlock(&location->busy);
		if (location->user)
			location->user = 0;
	}
}

void atomic_each_read_word(const struct detector *detector,
			   void (*each)(void *context, uint64_t word), void *context)
{
	const struct id_table *locations = &detector->atomics->by_number;

	for (uint32_t number = 1; number <= locations->last; number++) {
		const struct atomic_location *location = id_table_get(locations, number);

		if (location)
			each(context, load_relaxed(&location->read));
	}
}
