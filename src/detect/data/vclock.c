#include "detect/data/vclock.h"

#include "base/atomic.h"

static uint32_t chunks_for(uint32_t count)
{
	return (count + VCLOCK_CHUNK - 1) >> VCLOCK_CHUNK_SHIFT;
}

/* Entries that a snapshot of @count has room for, so that not each new thread makes a new one.
 * Atomic locations have a snapshot each, so there is little room that nobody uses. */
static uint32_t room_for(uint32_t count)
{
	uint32_t step = count <= 8 ? 4 : 8;

	return (count + step - 1) / step * step;
}

/* Words for entries, or for chunks: as long. */
static size_t snapshot_bytes(uint32_t count)
{
	uint32_t words = count > VCLOCK_CHUNK ? chunks_for(count) : room_for(count);

	return sizeof(struct vclock_snapshot) + words * sizeof(uint64_t);
}

static struct vclock_snapshot *begin(struct vclock_snapshot *snapshot, uint32_t count,
				     struct arena *arena)
{
	if (!snapshot)
		return NULL;
	snapshot->references = 1;
	snapshot->count = count;
	snapshot->home = arena;
	return snapshot;
}

/* Zeros. */
static struct vclock_snapshot *allocate(struct arena *arena, uint32_t count)
{
	return begin(arena_alloc(arena, snapshot_bytes(count)), count, arena);
}

struct vclock_snapshot *snapshot_take(struct vclock_snapshot *snapshot)
{
	/* relaxed: the caller has a reference or holds its owner. */
	if (snapshot)
		fetch_add_relaxed(&snapshot->references, 1u);
	return snapshot;
}

/* True if that was the last reference. */
static bool give_up(struct vclock_snapshot *snapshot)
{
	return snapshot && fetch_add_acq_rel(&snapshot->references, -1u) == 1;
}

static void free_one(struct vclock_snapshot *snapshot, struct arena *arena)
{
	if (snapshot->home == arena)
		arena_free(arena, snapshot, snapshot_bytes(snapshot->count));
	else
		arena_return(snapshot->home, snapshot, snapshot_bytes(snapshot->count));
}

void snapshot_drop(struct vclock_snapshot *snapshot, struct arena *arena)
{
	if (!give_up(snapshot))
		return;
	if (snapshot->count > VCLOCK_CHUNK)
		for (uint32_t i = 0; i < chunks_for(snapshot->count); i++)
			if (give_up(snapshot->chunks[i]))
				free_one(snapshot->chunks[i], arena);
	free_one(snapshot, arena);
}

/* acquire: pairs with give_up(): nobody else reads it any more. */
static bool is_shared(const struct vclock_snapshot *snapshot)
{
	return load_acquire(&snapshot->references) != 1;
}

/* --- Chunks ---------------------------------------------------------------- */

/* Where entries are read: in the chunks of a clock, or of a snapshot. */
struct source {
	struct vclock_snapshot *const *chunks;
	uint32_t count; /* of entries */
};

#define NOTHING ((struct source){NULL, 0})

static struct source of_clock(const struct vclock *clock)
{
	return (struct source){clock->chunks, clock->count};
}

static struct source of_snapshot(struct vclock_snapshot *const *snapshot)
{
	bool is_chunk = (*snapshot)->count <= VCLOCK_CHUNK;

	return (struct source){is_chunk ? snapshot : (*snapshot)->chunks, (*snapshot)->count};
}

static struct vclock_snapshot *chunk_of(struct source source, uint32_t i)
{
	return i < chunks_for(source.count) ? source.chunks[i] : NULL;
}

/* Only these are parts of others. */
static bool is_whole(const struct vclock_snapshot *chunk)
{
	return chunk->count == VCLOCK_CHUNK;
}

/* Has one of the @entries of a chunk more than that of another?  Epochs are far below 2^63,
 * so the sign of a difference tells, and no entry needs a jump. */
static bool has_more_entries(const uint64_t *entries, const uint64_t *others)
{
	uint64_t signs = 0;

	for (uint32_t i = 0; i < VCLOCK_CHUNK; i++)
		signs |= others[i] - entries[i];
	return signs >> 63;
}

/* Does @chunk have an entry greater than that of @other?  Both may be NULL. */
static bool has_more(const struct vclock_snapshot *chunk, const struct vclock_snapshot *other)
{
	uint32_t count = chunk ? chunk->count : 0;
	uint32_t common = !other ? 0 : other->count < count ? other->count : count;

	if (chunk == other)
		return false;
	if (common == VCLOCK_CHUNK)
		return has_more_entries(chunk->entries, other->entries);
	for (uint32_t i = 0; i < common; i++)
		if (chunk->entries[i] > other->entries[i])
			return true;
	for (uint32_t i = common; i < count; i++)
		if (chunk->entries[i])
			return true;
	return false;
}

static bool is_covered(struct source from, struct source by)
{
	for (uint32_t i = 0; i < chunks_for(from.count); i++)
		if (has_more(from.chunks[i], chunk_of(by, i)))
			return false;
	return true;
}

/* Others may be reading @chunk: a clock's, in vclock_join_living(). */
static void raise_entries(struct vclock_snapshot *chunk, const struct vclock_snapshot *from)
{
	uint32_t count = chunk->count < from->count ? chunk->count : from->count;

	for (uint32_t i = 0; i < count; i++)
		if (chunk->entries[i] < from->entries[i])
			/* relaxed: each entry stands for itself. */
			store_relaxed(&chunk->entries[i], from->entries[i]);
}

/* @chunk, with its reference, takes the place of the one there.  @changes is NULL or the
 * clock's. */
static void put_chunk(struct vclock_snapshot **place, struct vclock_snapshot *chunk,
		      uint32_t *changes, struct arena *arena)
{
	struct vclock_snapshot *old = *place;

	/* release, in this order, and before it may be freed: pairs with read_living(). */
	store_release(place, chunk);
	if (changes)
		store_release(changes, *changes + 1);
	snapshot_drop(old, arena);
}

/* A chunk that covers both, the first of which may be NULL. */
static struct vclock_snapshot *make_chunk(const struct vclock_snapshot *chunk,
					  const struct vclock_snapshot *from, struct arena *arena)
{
	struct vclock_snapshot *made;

	if (!chunk || !is_whole(from)) {
		made = allocate(arena, VCLOCK_CHUNK);
		if (made && chunk)
			raise_entries(made, chunk);
		if (made)
			raise_entries(made, from);
		return made;
	}
	made = begin(arena_alloc_unclear(arena, snapshot_bytes(VCLOCK_CHUNK)), VCLOCK_CHUNK, arena);
	for (uint32_t i = 0; made && i < VCLOCK_CHUNK; i++)
		made->entries[i] =
			chunk->entries[i] > from->entries[i] ? chunk->entries[i] : from->entries[i];
	return made;
}

static struct vclock_snapshot no_entries; /* of its count of 0 */

/* The chunk at @place, which has not all of @from, comes to cover it.  False without memory. */
static bool raise_chunk(struct vclock_snapshot **place, struct vclock_snapshot *from,
			uint32_t *changes, struct arena *arena)
{
	struct vclock_snapshot *raised;

	if (is_whole(from) && !has_more(*place, from)) {
		put_chunk(place, snapshot_take(from), changes, arena);
		return true;
	}
	if (*place && !is_shared(*place)) {
		raise_entries(*place, from);
		return true;
	}
	raised = make_chunk(*place, from, arena);
	if (raised)
		put_chunk(place, raised, changes, arena);
	return raised;
}

/* --- Clocks ---------------------------------------------------------------- */

/* A list of chunks has two words before it: its capacity, and the list that it has outgrown. */
#define LIST_HEADER 2u

static void free_lists(struct vclock_snapshot **chunks, struct arena *arena)
{
	while (chunks) {
		uint64_t *list = (uint64_t *)(void *)chunks - LIST_HEADER;

		chunks = (struct vclock_snapshot **)(uintptr_t)list[1];
		arena_free(arena, list, (LIST_HEADER + list[0]) * sizeof(uint64_t));
	}
}

/* Missing entries up to @count are there, as zeros.  False without memory. */
static bool reserve_entries(struct vclock *clock, struct arena *arena, uint32_t count)
{
	uint32_t capacity = clock->capacity;
	uint64_t *list;

	if (count <= clock->count)
		return true;
	/* With the header, what arenas give. */
	while (capacity < chunks_for(count))
		capacity = 2 * (capacity + LIST_HEADER) - LIST_HEADER;
	if (capacity > clock->capacity) {
		list = arena_alloc(arena, (LIST_HEADER + capacity) * sizeof(*list));
		if (!list)
			return false;
		list[0] = capacity;
		list[1] = (uintptr_t)clock->chunks;
		for (uint32_t i = 0; i < chunks_for(clock->count); i++)
			list[LIST_HEADER + i] = (uintptr_t)clock->chunks[i];
		/* The old list stays, as others may be reading it.  release: pairs with
		 * read_living(). */
		store_release(&clock->chunks, (struct vclock_snapshot **)(list + LIST_HEADER));
		clock->capacity = capacity;
	}
	store_release(&clock->count, count); /* the same */
	return true;
}

static void forget_snapshot(struct vclock *clock, struct arena *arena)
{
	snapshot_drop(clock->snapshot, arena);
	clock->snapshot = NULL;
	clock->is_behind = false;
}

/* Without memory the clock stays as it is. */
static bool put_entry(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	struct vclock_snapshot **place = &clock->chunks[slot >> VCLOCK_CHUNK_SHIFT];

	/* So that nobody else has the chunk. */
	if (!raise_chunk(place, &no_entries, &clock->changes, arena))
		return false;
	/* relaxed: as in raise_entries() */
	store_relaxed(&(*place)->entries[slot % VCLOCK_CHUNK], epoch);
	return true;
}

bool vclock_set(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	if (!reserve_entries(clock, arena, slot + 1))
		return false;
	forget_snapshot(clock, arena);
	return put_entry(clock, arena, slot, epoch);
}

bool vclock_advance(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	if (UNLIKELY(slot >= clock->count))
		return vclock_set(clock, arena, slot, epoch);
	clock->is_behind = true;
	return put_entry(clock, arena, slot, epoch);
}

static bool join_source(struct vclock *into, struct arena *arena, struct source from)
{
	bool changed = false;

	if (!reserve_entries(into, arena, from.count))
		return false;
	for (uint32_t i = 0; i < chunks_for(from.count); i++) {
		struct vclock_snapshot *chunk = from.chunks[i], **place = &into->chunks[i];

		if (!chunk || chunk == *place)
			continue;
		if (has_more(chunk, *place)) {
			/* First, as then nobody else may have the chunk any more. */
			forget_snapshot(into, arena);
			changed |= raise_chunk(place, chunk, &into->changes, arena);
		} else if (is_whole(chunk) && !has_more(*place, chunk)) {
			/* They say the same: one is enough. */
			put_chunk(place, snapshot_take(chunk), &into->changes, arena);
		}
	}
	return changed;
}

bool vclock_join(struct vclock *into, struct arena *arena, struct vclock_snapshot *from)
{
	return from && join_source(into, arena, of_snapshot(&from));
}

bool vclock_join_clock(struct vclock *into, struct arena *arena, const struct vclock *from)
{
	return join_source(into, arena, of_clock(from));
}

bool vclock_raise(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch)
{
	return vclock_get(clock, slot) < epoch && vclock_set(clock, arena, slot, epoch);
}

bool vclock_covers(const struct vclock *clock, struct vclock_snapshot *snapshot)
{
	return !snapshot || is_covered(of_snapshot(&snapshot), of_clock(clock));
}

bool vclock_covers_clock(const struct vclock *clock, const struct vclock *other)
{
	return is_covered(of_clock(other), of_clock(clock));
}

/* --- Clocks that their owners may change meanwhile -------------------------- */

/* Its entries are words that only grow; but a chunk that was given up may be anything by now. */
static bool read_living(const struct vclock *clock, uint32_t first, uint32_t count,
			uint64_t *entries)
{
	uint32_t changes;

	do {
		struct vclock_snapshot **chunks;
		const struct vclock_snapshot *chunk;

		/* acquire: pairs with put_chunk() and reserve_entries() */
		changes = load_acquire(&clock->changes);
		if (first >= load_acquire(&clock->count))
			return false;
		chunks = load_acquire(&clock->chunks);
		chunk = load_acquire(&chunks[first >> VCLOCK_CHUNK_SHIFT]);
		if (!chunk)
			return false;
		for (uint32_t i = 0; i < count; i++)
			entries[i] = load_relaxed(&chunk->entries[first % VCLOCK_CHUNK + i]);
		fence_acquire();
	} while (UNLIKELY(load_relaxed(&clock->changes) != changes));
	return true;
}

uint64_t vclock_get_living(const struct vclock *clock, uint32_t slot)
{
	uint64_t epoch;

	return read_living(clock, slot, 1, &epoch) ? epoch : 0;
}

bool vclock_join_living(struct vclock *into, struct arena *arena, const struct vclock *from,
			uint32_t slot)
{
	uint32_t count = load_acquire(&from->count); /* as in read_living() */
	bool changed = false;

	for (uint32_t first = 0; first < count; first += VCLOCK_CHUNK) {
		uint64_t entries[VCLOCK_CHUNK];

		if (!read_living(from, first, VCLOCK_CHUNK, entries))
			continue;
		for (uint32_t i = 0; i < VCLOCK_CHUNK; i++)
			if (first + i != slot && vclock_raise(into, arena, first + i, entries[i]))
				changed = true;
	}
	return changed;
}

/* --- Snapshots -------------------------------------------------------------- */

/* @into has as many entries, and nobody else has it.  False without memory. */
static bool raise_snapshot(struct vclock_snapshot *into, struct source from, struct arena *arena)
{
	for (uint32_t i = 0; i < chunks_for(from.count); i++) {
		struct vclock_snapshot *chunk = from.chunks[i];

		if (chunk && into->count <= VCLOCK_CHUNK)
			raise_entries(into, chunk);
		else if (has_more(chunk, into->chunks[i]) &&
			 !raise_chunk(&into->chunks[i], chunk, NULL, arena))
			return false;
	}
	return true;
}

/* A snapshot that covers both; NULL without memory. */
static struct vclock_snapshot *make_snapshot(struct source a, struct source b, struct arena *arena)
{
	struct vclock_snapshot *snapshot = allocate(arena, a.count > b.count ? a.count : b.count);

	if (!snapshot)
		return NULL;
	if (raise_snapshot(snapshot, a, arena) && raise_snapshot(snapshot, b, arena))
		return snapshot;
	snapshot_drop(snapshot, arena);
	return NULL;
}

void vclock_catch_up(struct vclock *clock, struct arena *arena)
{
	if (clock->is_behind)
		forget_snapshot(clock, arena);
}

struct vclock_snapshot *vclock_base(struct vclock *clock, struct arena *arena)
{
	if (!clock->snapshot) {
		clock->snapshot = make_snapshot(of_clock(clock), NOTHING, arena);
		clock->is_behind = false;
	}
	return clock->snapshot;
}

struct vclock_snapshot *vclock_snapshot(struct vclock *clock, struct arena *arena)
{
	vclock_catch_up(clock, arena);
	return snapshot_take(vclock_base(clock, arena));
}

struct vclock_snapshot *snapshot_merge(struct vclock_snapshot *a, struct vclock_snapshot *b,
				       struct arena *arena)
{
	if (!a || !b)
		return snapshot_take(a ? a : b);
	if (is_covered(of_snapshot(&b), of_snapshot(&a)))
		return snapshot_take(a);
	return make_snapshot(of_snapshot(&a), of_snapshot(&b), arena);
}

/* Can @snapshot have @count entries where it is? */
static bool has_room(const struct vclock_snapshot *snapshot, uint32_t count)
{
	return (snapshot->count > VCLOCK_CHUNK) == (count > VCLOCK_CHUNK) &&
	       snapshot_bytes(snapshot->count) == snapshot_bytes(count);
}

void snapshot_merge_clock(struct vclock_snapshot **into, struct vclock *clock, struct arena *arena)
{
	struct vclock_snapshot *old = *into;
	struct vclock_snapshot *merged;

	if (!old) {
		*into = vclock_snapshot(clock, arena);
		return;
	}
	if (is_covered(of_clock(clock), of_snapshot(&old)))
		return;
	if (!is_shared(old) && (old->count >= clock->count || has_room(old, clock->count))) {
		if (old->count < clock->count)
			old->count = clock->count;
		raise_snapshot(old, of_clock(clock), arena);
		return;
	}
	merged = make_snapshot(of_snapshot(&old), of_clock(clock), arena);
	if (!merged)
		return;
	snapshot_drop(old, arena);
	*into = merged;
}

void vclock_free(struct vclock *clock, struct arena *arena)
{
	forget_snapshot(clock, arena);
	for (uint32_t i = 0; i < chunks_for(clock->count); i++)
		snapshot_drop(clock->chunks[i], arena);
	free_lists(clock->chunks, arena);
	*clock = (struct vclock){0};
}
