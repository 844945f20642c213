#include "detect/data/vclock.h"

#include "base/atomic.h"

/* Entries that a snapshot of @count has room for, so that not each new thread makes a new one.
 * Atomic locations have a snapshot each, so there is little room that nobody uses. */
static uint32_t room_for(uint32_t count)
{
	uint32_t step = count <= 8 ? 4 : count <= 64 ? 8 : 64;

	return (count + step - 1) / step * step;
}

static size_t snapshot_bytes(uint32_t count)
{
	return sizeof(struct vclock_snapshot) + room_for(count) * sizeof(uint64_t);
}

/* A block of entries has two words before them: its capacity, and the entries
 * of the block that it has outgrown. */
#define BLOCK_HEADER 2u

/*
 * Its entries are 0, and so are those from the clock's count on.  Zeros are never stored, as
 * most entries are that in a program of many threads: pages with nothing else stay untouched.
 */
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

static void copy_entries(uint64_t *to, const uint64_t *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (from[i])
			to[i] = from[i];
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
	copy_entries(entries, clock->entries, clock->count);
	/* The old block stays unchanged, as others may be reading it.  release: pairs
	 * with vclock_join_living(). */
	store_release(&clock->entries, entries);
	clock->capacity = capacity;
	return true;
}

/* Missing entries up to @count are there, as zeros. */
static void grow_to(struct vclock *clock, uint32_t count)
{
	/* release: pairs with vclock_join_living(). */
	if (clock->count < count)
		store_release(&clock->count, count);
}

static void forget_snapshot(struct vclock *clock, struct arena *arena)
{
	snapshot_drop(clock->snapshot, arena);
	clock->snapshot = NULL;
	clock->is_behind = false;
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

void vclock_advance(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	if (UNLIKELY(slot >= clock->count)) {
		vclock_set(clock, arena, slot, epoch);
		return;
	}
	store_relaxed(&clock->entries[slot], epoch); /* relaxed: as in vclock_set() */
	clock->is_behind = true;
}

static bool join_entries(struct vclock *into, struct arena *arena, const uint64_t *entries,
			 uint32_t count)
{
	bool changed = false;

	if (!reserve_entries(into, arena, count))
		return false;
	grow_to(into, count);
	for (uint32_t i = 0; i < count; i++) {
		if (!entries[i] || entries[i] <= into->entries[i])
			continue;
		store_relaxed(&into->entries[i], entries[i]);
		changed = true;
	}
	if (changed)
		forget_snapshot(into, arena);
	return changed;
}

bool vclock_join(struct vclock *into, struct arena *arena, const struct vclock_snapshot *from)
{
	return from && join_entries(into, arena, from->entries, from->count);
}

bool vclock_join_clock(struct vclock *into, struct arena *arena, const struct vclock *from)
{
	return join_entries(into, arena, from->entries, from->count);
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

/* A snapshot of these entries, with zeros up to @size. */
static struct vclock_snapshot *make_snapshot(const uint64_t *entries, uint32_t count, uint32_t size,
					     struct arena *arena)
{
	struct vclock_snapshot *snapshot = arena_alloc(arena, snapshot_bytes(size));

	if (!snapshot)
		return NULL;
	snapshot->references = 1;
	snapshot->count = size;
	snapshot->home = arena;
	copy_entries(snapshot->entries, entries, count);
	return snapshot;
}

void vclock_catch_up(struct vclock *clock, struct arena *arena)
{
	if (clock->is_behind)
		forget_snapshot(clock, arena);
}

struct vclock_snapshot *vclock_base(struct vclock *clock, struct arena *arena)
{
	if (!clock->snapshot) {
		clock->snapshot = make_snapshot(clock->entries, clock->count, clock->count, arena);
		clock->is_behind = false;
	}
	return clock->snapshot;
}

struct vclock_snapshot *vclock_snapshot(struct vclock *clock, struct arena *arena)
{
	vclock_catch_up(clock, arena);
	return snapshot_take(vclock_base(clock, arena));
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
	if (!snapshot || fetch_add_acq_rel(&snapshot->references, -1u) != 1)
		return;
	if (snapshot->home == arena)
		arena_free(arena, snapshot, snapshot_bytes(snapshot->count));
	else
		arena_return(snapshot->home, snapshot, snapshot_bytes(snapshot->count));
}

static bool is_covered(const uint64_t *entries, uint32_t count, const struct vclock_snapshot *by)
{
	for (uint32_t i = 0; i < count; i++)
		if (entries[i] > snapshot_get(by, i))
			return false;
	return true;
}

/* @into has as many entries. */
static void raise_entries(struct vclock_snapshot *into, const uint64_t *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (into->entries[i] < entries[i])
			into->entries[i] = entries[i];
}

struct vclock_snapshot *snapshot_merge(struct vclock_snapshot *a, struct vclock_snapshot *b,
				       struct arena *arena)
{
	struct vclock_snapshot *merged;

	if (!a || !b)
		return snapshot_take(a ? a : b);
	if (is_covered(b->entries, b->count, a))
		return snapshot_take(a);
	merged = make_snapshot(a->entries, a->count, a->count > b->count ? a->count : b->count,
			       arena);
	if (merged)
		raise_entries(merged, b->entries, b->count);
	return merged;
}

void snapshot_merge_clock(struct vclock_snapshot **into, struct vclock *clock, struct arena *arena)
{
	struct vclock_snapshot *old = *into;
	struct vclock_snapshot *merged;

	if (!old) {
		*into = vclock_snapshot(clock, arena);
		return;
	}
	if (is_covered(clock->entries, clock->count, old))
		return;
	/* acquire: pairs with snapshot_drop(): nobody else reads it any more. */
	if (load_acquire(&old->references) == 1 && room_for(old->count) >= clock->count) {
		if (old->count < clock->count)
			old->count = clock->count;
		raise_entries(old, clock->entries, clock->count);
		return;
	}
	merged = make_snapshot(old->entries, old->count,
			       old->count > clock->count ? old->count : clock->count, arena);
	if (!merged)
		return;
	raise_entries(merged, clock->entries, clock->count);
	snapshot_drop(old, arena);
	*into = merged;
}

void vclock_free(struct vclock *clock, struct arena *arena)
{
	forget_snapshot(clock, arena);
	free_blocks(clock->entries, arena);
	*clock = (struct vclock){0};
}
