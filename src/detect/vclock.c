#include "detect/vclock.h"

#include "base/atomic.h"

static size_t snapshot_bytes(uint32_t count)
{
	return sizeof(struct vclock_snapshot) + count * sizeof(uint64_t);
}

static bool reserve(struct vclock *clock, struct arena *arena, uint32_t count)
{
	uint32_t capacity = clock->capacity ? clock->capacity : 8;
	uint64_t *entries;

	if (count <= clock->capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	entries = arena_alloc(arena, capacity * sizeof(uint64_t));
	if (!entries)
		return false;
	for (uint32_t i = 0; i < clock->count; i++)
		entries[i] = clock->entries[i];
	/* The old block stays what it is: thread_assume() may be reading it.
	 * release: pairs with it. */
	store_release(&clock->entries, entries);
	clock->capacity = capacity;
	return true;
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

bool vclock_set(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	if (!reserve(clock, arena, slot + 1))
		return false;
	for (uint32_t i = clock->count; i <= slot; i++)
		clock->entries[i] = 0;
	if (clock->count <= slot)
		clock->count = slot + 1;
	clock->entries[slot] = epoch;
	forget_snapshot(clock, arena);
	return true;
}

bool vclock_join(struct vclock *into, struct arena *arena, const struct vclock_snapshot *from)
{
	bool changed = false;

	if (!from || !reserve(into, arena, from->count))
		return false;
	for (uint32_t i = into->count; i < from->count; i++)
		into->entries[i] = 0;
	if (into->count < from->count)
		into->count = from->count;
	for (uint32_t i = 0; i < from->count; i++) {
		if (from->entries[i] <= into->entries[i])
			continue;
		into->entries[i] = from->entries[i];
		changed = true;
	}
	if (changed)
		forget_snapshot(into, arena);
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
	/* relaxed: who takes a reference already has one or holds its owner. */
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
	arena_free(arena, clock->entries, clock->capacity * sizeof(uint64_t));
	*clock = (struct vclock){0};
}
