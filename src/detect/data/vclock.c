#include "detect/data/vclock.h"

#include "base/atomic.h"

static size_t snapshot_bytes(uint32_t count)
{
	return sizeof(struct vclock_snapshot) + count * sizeof(uint64_t);
}

/* A block of entries has two words before them: its capacity, and the entries
 * of the block that it has outgrown. */
#define BLOCK_HEADER 2u

static uint64_t *make_block(struct arena *arena, uint32_t capacity, uint64_t *outgrown)
{
	uint64_t *block = arena_alloc(arena, (BLOCK_HEADER + capacity) * sizeof(uint64_t));

	if (!block)
		return NULL;
	block[0] = capacity;
	block[1] = (uintptr_t)outgrown;
	return block + BLOCK_HEADER;
}

static void free_blocks(uint64_t *entries, struct arena *arena)
{
	while (entries) {
		uint64_t *block = entries - BLOCK_HEADER;

		entries = (uint64_t *)(uintptr_t)block[1];
		arena_free(arena, block, (BLOCK_HEADER + block[0]) * sizeof(uint64_t));
	}
}

static bool reserve_entries(struct vclock *clock, struct arena *arena, uint32_t count)
{
	uint32_t capacity = clock->capacity ? clock->capacity : 8;
	uint64_t *entries;

	if (count <= clock->capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	entries = make_block(arena, capacity, clock->entries);
	if (!entries)
		return false;
	for (uint32_t i = 0; i < clock->count; i++)
		entries[i] = clock->entries[i];
	/* The old block stays unchanged, as others may be reading it.  release: pairs
	 * with vclock_join_living(). */
	store_release(&clock->entries, entries);
	clock->capacity = capacity;
	return true;
}

/* Missing entries up to @count become zeros. */
static void grow_to(struct vclock *clock, uint32_t count)
{
	for (uint32_t i = clock->count; i < count; i++)
		clock->entries[i] = 0;
	/* release: pairs with vclock_join_living(). */
	if (clock->count < count)
		store_release(&clock->count, count);
}

static void forget_snapshot(struct vclock *clock, struct arena *arena)
{
	snapshot_drop(clock->snapshot, arena);
	clock->snapshot = NULL;
}

uint64_t vclock_get(const struct vclock *clock, uint32_t slot)
{
	return slot < clock->count ? clock->entries[slot] : 0;
}

uint64_t vclock_get_living(const struct vclock *clock, uint32_t slot)
{
	/* acquire: as in vclock_join_living() */
	uint32_t count = load_acquire(&clock->count);
	const uint64_t *entries = load_acquire(&clock->entries);

	return slot < count ? load_relaxed(&entries[slot]) : 0;
}

bool vclock_set(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	if (!reserve_entries(clock, arena, slot + 1))
		return false;
	grow_to(clock, slot + 1);
	/* relaxed: each entry stands for itself. */
	store_relaxed(&clock->entries[slot], epoch);
	forget_snapshot(clock, arena);
	return true;
}

bool vclock_join(struct vclock *into, struct arena *arena, const struct vclock_snapshot *from)
{
	bool changed = false;

	if (!from || !reserve_entries(into, arena, from->count))
		return false;
	grow_to(into, from->count);
	for (uint32_t i = 0; i < from->count; i++) {
		if (from->entries[i] <= into->entries[i])
			continue;
		store_relaxed(&into->entries[i], from->entries[i]);
		changed = true;
	}
	if (changed)
		forget_snapshot(into, arena);
	return changed;
}

bool vclock_raise(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	return vclock_get(clock, slot) < epoch && vclock_set(clock, arena, slot, epoch);
}

bool vclock_join_living(struct vclock *into, struct arena *arena, const struct vclock *from,
			uint32_t slot)
{
	/* acquire: pairs with the releases in grow_to() and reserve_entries(): with the count
	 * come the block and its zeros. */
	uint32_t count = load_acquire(&from->count);
	const uint64_t *entries = load_acquire(&from->entries);
	bool changed = false;

	for (uint32_t i = 0; i < count; i++)
		if (i != slot && vclock_raise(into, arena, i, load_relaxed(&entries[i])))
			changed = true;
	return changed;
}

struct vclock_snapshot *vclock_snapshot(struct vclock *clock, struct arena *arena)
{
	struct vclock_snapshot *snapshot = clock->snapshot;

	if (!snapshot) {
		snapshot = arena_alloc(arena, snapshot_bytes(clock->count));
		if (!snapshot)
			return NULL;
		snapshot->references = 1;
		snapshot->count = clock->count;
		for (uint32_t i = 0; i < clock->count; i++)
			snapshot->entries[i] = clock->entries[i];
		clock->snapshot = snapshot;
	}
	return snapshot_take(snapshot);
}

struct vclock_snapshot *snapshot_take(struct vclock_snapshot *snapshot)
{
	/* relaxed: the caller has a reference or holds its owner. */
	if (snapshot)
		fetch_add_relaxed(&snapshot->references, 1u);
	return snapshot;
}

void snapshot_drop(struct vclock_snapshot *snapshot, struct arena *arena)
{
	if (snapshot && fetch_add_acq_rel(&snapshot->references, -1u) == 1)
		arena_free(arena, snapshot, snapshot_bytes(snapshot->count));
}

struct vclock_snapshot *snapshot_merge(struct vclock_snapshot *a, struct vclock_snapshot *b,
				       struct arena *arena)
{
	struct vclock merged = {0};
	struct vclock_snapshot *result;

	if (!a || !b)
		return snapshot_take(a ? a : b);
	vclock_join(&merged, arena, a);
	vclock_join(&merged, arena, b);
	result = vclock_snapshot(&merged, arena);
	vclock_free(&merged, arena);
	return result;
}

void snapshot_merge_clock(struct vclock_snapshot **into, struct vclock *clock, struct arena *arena)
{
	struct vclock_snapshot *given = vclock_snapshot(clock, arena);
	struct vclock_snapshot *merged = snapshot_merge(*into, given, arena);

	snapshot_drop(given, arena);
	if (!merged)
		return;
	snapshot_drop(*into, arena);
	*into = merged;
}

void vclock_free(struct vclock *clock, struct arena *arena)
{
	forget_snapshot(clock, arena);
	free_blocks(clock->entries, arena);
	*clock = (struct vclock){0};
}
