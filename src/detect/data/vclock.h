/*
 * Vector clocks: what each thread is known to have done before "now".
 *
 * Entry s counts the releases of the thread in slot s seen so far; a missing
 * entry is 0.  A thread's own entry starts at 1 and is raised after each release
 * of its clock, so that later events are not covered by it.
 * Event a of slot s at epoch e happens before event b if b's clock has an entry
 * of at least e for s; two events of which neither happens before the other
 * are concurrent.  (Mattern, "Virtual Time and Global States", 1989.)
 *
 * The entries stand in chunks of 64.  Clocks that say the same of 64 threads share
 * the chunk that says it, and a chunk that is shared does not change: who has news
 * makes another.  So the clocks of thousands of threads that know nearly the same take
 * little room, and joining is looking at few entries.  A missing chunk is all zeros.
 *
 * A snapshot is a counted copy that locks, tokens and witnesses share, and that
 * does not change while there are two references; a thread makes one at most each
 * time that its clock changes.  One of at most 64 entries is a chunk of its own, with
 * no more room than it needs; one of more is a list of chunks.
 *
 * Not thread-safe: the owner of a clock serialises access to it.  Snapshots
 * may be read by anybody who holds a reference; the counts are atomic.
 */
#ifndef DETECT_DATA_VCLOCK_H
#define DETECT_DATA_VCLOCK_H

#include "base/arena.h"
#include "base/types.h"

#define VCLOCK_CHUNK_SHIFT 6u
#define VCLOCK_CHUNK (1u << VCLOCK_CHUNK_SHIFT) /* entries */

struct vclock_snapshot {
	uint32_t references;
	uint32_t count;	    /* of entries */
	struct arena *home; /* where it goes back to */
	union {
		uint64_t entries[0];		   /* up to VCLOCK_CHUNK */
		struct vclock_snapshot *chunks[0]; /* else, each with VCLOCK_CHUNK entries */
	};
};

struct vclock {
	struct vclock_snapshot **chunks; /* each with VCLOCK_CHUNK entries */
	uint32_t count;			 /* of entries */
	uint32_t capacity;		 /* in chunks */
	uint32_t changes;		 /* how often a chunk was given up */
	bool is_behind; /* the snapshot, and in the entry of the clock's thread alone */
	struct vclock_snapshot *snapshot; /* of the present content, or NULL */
};

/* An event in happens-before: the thread's slot, epoch and clock then. */
struct clock_stamp {
	uint32_t slot;
	uint64_t epoch;
	struct vclock_snapshot *clock; /* NULL: no entries but its own */
};

static inline uint64_t vclock_get(const struct vclock *clock, uint32_t slot)
{
	const struct vclock_snapshot *chunk;

	if (slot >= clock->count)
		return 0;
	chunk = clock->chunks[slot >> VCLOCK_CHUNK_SHIFT];
	return chunk ? chunk->entries[slot % VCLOCK_CHUNK] : 0;
}

/* The same of a clock that its owner may change meanwhile, but does not free. */
uint64_t vclock_get_living(const struct vclock *clock, uint32_t slot);

/* False when memory is exhausted; the clock is then unchanged. */
bool vclock_set(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch);

/* The same for the entry of the clock's own thread. */
bool vclock_advance(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch);

/* Component-wise maximum: afterwards @into covers @from.  Says whether @into
 * changed. */
bool vclock_join(struct vclock *into, struct arena *arena, struct vclock_snapshot *from);

/* The same from a clock that nobody changes meanwhile. */
bool vclock_join_clock(struct vclock *into, struct arena *arena, const struct vclock *from);

/* Is all of @snapshot, or of @other, known to @clock? */
bool vclock_covers(const struct vclock *clock, struct vclock_snapshot *snapshot);
bool vclock_covers_clock(const struct vclock *clock, const struct vclock *other);

/* The entry of @slot becomes at least @epoch; says whether it changed. */
bool vclock_raise(struct vclock *clock, struct arena *arena, uint32_t slot, uint64_t epoch);

/* Joins from a clock that its owner may change meanwhile, but does not free.
 * The entry of @slot is left out. */
bool vclock_join_living(struct vclock *into, struct arena *arena, const struct vclock *from,
			uint32_t slot);

/* A reference to the present content, which the caller drops; NULL when memory
 * is exhausted. */
struct vclock_snapshot *vclock_snapshot(struct vclock *clock, struct arena *arena);

/* The same, but it may be behind in the entry of the clock's own thread, and the reference
 * is the clock's.  So a thread that learns nothing has one for all of its releases. */
struct vclock_snapshot *vclock_base(struct vclock *clock, struct arena *arena);

/* The next snapshot is not behind. */
void vclock_catch_up(struct vclock *clock, struct arena *arena);

/* The reference is counted; both take NULL.  @arena is one that the caller may use. */
struct vclock_snapshot *snapshot_take(struct vclock_snapshot *snapshot);
void snapshot_drop(struct vclock_snapshot *snapshot, struct arena *arena);

/* A snapshot that covers both; the caller drops it.  @a may be NULL. */
struct vclock_snapshot *snapshot_merge(struct vclock_snapshot *a, struct vclock_snapshot *b,
				       struct arena *arena);

/* Makes *@into, which may be NULL, cover @clock too.  Without memory it stays as
 * it is. */
void snapshot_merge_clock(struct vclock_snapshot **into, struct vclock *clock, struct arena *arena);

void vclock_free(struct vclock *clock, struct arena *arena);

static inline uint64_t snapshot_get(const struct vclock_snapshot *snapshot, uint32_t slot)
{
	if (!snapshot || slot >= snapshot->count)
		return 0;
	if (snapshot->count > VCLOCK_CHUNK) {
		snapshot = snapshot->chunks[slot >> VCLOCK_CHUNK_SHIFT];
		slot %= VCLOCK_CHUNK;
	}
	return snapshot ? snapshot->entries[slot] : 0;
}

/* Did @a happen before @b? */
static inline bool stamp_precedes(const struct clock_stamp *a, const struct clock_stamp *b)
{
	if (a->slot == b->slot)
		return a->epoch <= b->epoch;
	return snapshot_get(b->clock, a->slot) >= a->epoch;
}

static inline bool stamps_concurrent(const struct clock_stamp *a, const struct clock_stamp *b)
{
	return !stamp_precedes(a, b) && !stamp_precedes(b, a);
}

#endif
