#include "preload/outside/shared_homes.h"

#include "base/atomic.h"
#include "base/map.h"
#include "preload/guest/guest.h"
#include "preload/outside/lock_memory.h"
#include "preload/outside/shared_life.h"

#define MAPPING_COUNT 32u

struct runtime_lock shared_homes_lock LOCKED_AROUND_FORKS;
bool shared_homes_are_used;

static bool spins_are_shared;

/* By key. */
static struct arena arena;
static struct map homes;
static struct map others; /* the last other address */

/* The last that were asked for, as the kernel's answer takes long. */
static struct shared_mapping mappings[MAPPING_COUNT];
static uint32_t next_mapping;

static uint64_t find_key(uintptr_t address)
{
	struct shared_mapping *mapping;

	for (uint32_t i = 0; i < MAPPING_COUNT; i++)
		if (address >= mappings[i].start && address < mappings[i].end)
			return shared_mapping_key(&mappings[i], address);
	mapping = &mappings[next_mapping];
	next_mapping = (next_mapping + 1) % MAPPING_COUNT;
	if (shared_mapping_find(address, mapping))
		return shared_mapping_key(mapping, address);
	*mapping = (struct shared_mapping){0};
	return 0;
}

static void forget(uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < MAPPING_COUNT; i++)
		if (mappings[i].start < end && mappings[i].end > start)
			mappings[i] = (struct shared_mapping){0};
}

/* Is the object of @key mapped at @address?  Not all that is unmapped is noticed. */
static bool is_at(uintptr_t address, uint64_t key)
{
	uint32_t word;

	if (!lock_read_word((const int *)address, &word))
		forget(address, address + 1);
	return find_key(address) == key;
}

static uintptr_t find_home(uintptr_t address)
{
	uint64_t key = find_key(address);
	const uint64_t *home = key ? map_find(&homes, key) : NULL;

	if (!key || (home && *home == address))
		return address;
	if (home && is_at(*home, key)) {
		map_set(&others, key, address);
		return *home;
	}
	map_set(&homes, key, address);
	return address;
}

uintptr_t shared_home(enum object_kind kind, uintptr_t address, uint32_t attributes)
{
	/* relaxed: set by whoever has made the first such lock. */
	if (!(attributes & SYNC_PROCESS_SHARED) &&
	    !(kind == OBJECT_SPIN && load_relaxed(&spins_are_shared)))
		return address;
	runtime_lock(&shared_homes_lock);
	if (!shared_homes_are_used) {
		arena_init(&arena, pages_from_kernel);
		map_init(&homes, &arena);
		map_init(&others, &arena);
		/* release: pairs with shared_homes_forget(). */
		store_release(&shared_homes_are_used, true);
	}
	address = find_home(address);
	runtime_unlock(&shared_homes_lock);
	return address;
}

void shared_homes_have_spins(void)
{
	store_relaxed(&spins_are_shared, true); /* relaxed: see shared_home() */
}

struct range {
	uintptr_t start, end;
};

static void move_away(void *context, struct sync_object *object)
{
	const struct range *range = context;
	uint64_t key = find_key(object->address);
	const uint64_t *home = key ? map_find(&homes, key) : NULL;
	const uint64_t *other = key ? map_find(&others, key) : NULL;

	if (home && *home == object->address && other && is_at(*other, key) &&
	    (*other < range->start || *other >= range->end) &&
	    sync_move(&guest_detector.objects, object, *other))
		map_set(&homes, key, *other);
}

void shared_homes_leave(uintptr_t start, uintptr_t end)
{
	struct range range = {start, end};

	/* acquire: pairs with shared_home(). */
	if (!load_acquire(&shared_homes_are_used))
		return;
	runtime_lock(&shared_homes_lock);
	sync_each_in(&guest_detector.objects, start, end, move_away, &range);
	runtime_unlock(&shared_homes_lock);
}

void shared_homes_forget(uintptr_t start, uintptr_t end)
{
	/* acquire: pairs with shared_home(). */
	if (!load_acquire(&shared_homes_are_used))
		return;
	runtime_lock(&shared_homes_lock);
	forget(start, end);
	runtime_unlock(&shared_homes_lock);
}
