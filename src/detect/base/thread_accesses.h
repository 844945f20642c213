/*
 * What the race engine (race/) keeps in a thread of its accesses.
 *
 * Thunks look at some of it, too: preload/arch/x86_64/offsets.def tells them where.
 */
#ifndef DETECT_BASE_THREAD_ACCESSES_H
#define DETECT_BASE_THREAD_ACCESSES_H

#include "base/shadow_place.h"
#include "base/types.h"

struct atomic_location;
struct sync_object;
struct stale_read;

/* A granule of which the thread has touched parts that it has not recorded in shadow
 * memory yet: record_fast.h. */
struct pending_granule {
	uintptr_t granule; /* 0: none */
	uint32_t bytes;
	uint32_t site;	   /* the last */
	uint32_t sites[8]; /* of each byte's last access */
	uint32_t is_mixed; /* they are not all the same */
	uint32_t unused[3];
};

#define AHEAD_SPANS 4u

/* Memory all of which the thread has read, or written, in the epoch of @word, as recorded in
 * shadow memory: record_range.h. */
struct spans_ahead {
	uint64_t word;
	uint32_t turn; /* which is the next to go */
	struct {
		uintptr_t start, end;
	} spans[2][AHEAD_SPANS]; /* reads, writes */
};

#define PENDING_SETS 8u /* by the granule's number */
#define PENDING_WAYS 2u /* ... two each, for two streams */
#define PENDING_GRANULES (PENDING_SETS * PENDING_WAYS)

/* An atomic location that was loaded from: what it released is still to be acquired
 * (atomic_location.h). */
struct pending_acquire {
	struct atomic_location *location;
	uint32_t version; /* of it, when it was last acquired from */
	uint8_t halves;
	uint8_t looks_left;
};

#define PENDING_ACQUIRES 8u

/* As many as checks may stand between that of a load and the load (pending_acquire.c). */
#define OWNED_LOADS 8u

/* All that was released at @halves of @location up to @version was acquired. */
struct known_version {
	const struct atomic_location *location;
	uint32_t version;
	uint32_t halves;
};

#define KNOWN_VERSIONS 64u /* by the location's number */

/* Other threads' stores over what this one has read, by slot of the writer
 * (pending_release.c). */
#define PENDING_RELEASES 16u

/* Where the latest ones were: this thread may not have made the read yet that it has
 * recorded, in its epoch read_when. */
struct overwritten_place {
	uintptr_t granule;
	uint64_t read_when;
	uint32_t pair;	 /* the finding of read and store */
	uint32_t origin; /* of a read that the other had taken for known; else 0 */
	uint32_t bytes;	 /* which the read is of */
};

#define OVERWRITTEN_PLACES 32u /* by a hash of the granule */

/* What a loop of the thread waited for, or a late read may have seen: bytes of a granule, and the
 * thread's epoch. */
struct awaited_place {
	uintptr_t granule;
	uint64_t epoch;
	uint32_t bytes;
};

#define AWAITED_PLACES 8u

/* A race that the thread has met, so as to count repetitions quickly. */
struct met_race {
	uint64_t key;
	uint32_t finding;
};

#define MET_RACES 16u

/* Another thread's read that a store of this one has replaced, in a race of moves. */
struct replaced_read {
	uintptr_t granule;
	uint64_t read;	/* plain word */
	uint64_t write; /* this thread's, without bytes */
	uint32_t origin;
};

#define REPLACED_READS 8u

/* What a condition wait was made for: predicate/predicate.h. */
enum predicate_state { PREDICATE_NONE, PREDICATE_READ, PREDICATE_AWAITED, PREDICATE_WOKEN };

struct predicate {
	enum predicate_state state;
	uint32_t size_bytes;
	uintptr_t address;
	uint64_t value;
	uint32_t update_group;
	uint32_t site, origin;
	stack_id wait_stack;
	const struct sync_object *condition;
};

#define STALE_READ_FILTER 256u
#define STALE_READS_SEVERAL 2u /* at one place of the filter */
#define PREFETCHES 8u

struct thread_accesses {
	struct pending_granule pending[2][PENDING_GRANULES]; /* reads, writes */
	struct pending_acquire acquires[PENDING_ACQUIRES];
	/* The last loads of what it owned then: words that name the locations. */
	uint64_t owned_loads[OWNED_LOADS];
	uint32_t owned_turn; /* which was the last one */
	uint64_t releases[PENDING_RELEASES]; /* plain words without bytes */
	uint32_t release_pairs[PENDING_RELEASES]; /* the finding that each rests on */
	struct pending_granule under_way[2]; /* just written to shadow memory, and compared */
	struct overwritten_place overwritten[OVERWRITTEN_PLACES];
	struct awaited_place awaited[AWAITED_PLACES];
	uint32_t awaited_turn;
	struct met_race races[MET_RACES];
	uint8_t stale_read_filter[STALE_READ_FILTER]; /* stale_filter_may_have() */
	struct stale_read *stale_reads;		      /* NULL: none yet */
	const struct stale_read *stale_under_way;     /* whose load is about to be made */
	uint32_t stale_read_bytes;		      /* of all of them */
	uint32_t stale_read_places;		      /* a bit for each that is there */
	uint32_t stale_read_age;		      /* samples of callers since the last one */
	struct predicate predicate;
	struct replaced_read replaced[REPLACED_READS];
	uint32_t replaced_turn;
	struct spans_ahead ahead;
	struct known_version known_versions[KNOWN_VERSIONS];
	uintptr_t prefetched[PREFETCHES]; /* what the program has asked for last */
	uint32_t prefetch_turn;
	uint32_t pending_turn;			      /* which of two ways is to go next */
	uint32_t pending_places;		      /* a bit for each that may have one */
	/* A pending store was an atomic's: the epoch ends once all that is pending is recorded. */
	bool ends_epoch;
	/* The hot ones; the full clock follows them. */
	union {
		struct {
			union {
				struct {
					uint16_t acquire_count;
					/* It owns some location no more; set by others, under
					 * detector.lock. */
					uint16_t is_disowned;
				};
				uint32_t acquires_due; /* both, as one number */
			};
			uint16_t stale_read_count;
			uint16_t has_pending; /* 0: no granule is pending */
		};
		uint64_t late_count; /* all of these, as one number: memory_is_late() */
	};
	uint32_t sample; /* slow accesses until one keeps its callers */
	uint64_t examined_count; /* accesses that access_check() was called for */
};

/* The filter of a thread's stale reads has a place for each granule, by the low byte of its number;
 * the byte there says which one, as far as it tells. */
static inline uint8_t stale_filter_tag(uintptr_t address)
{
	return (uint8_t)(address / SHADOW_GRANULE / STALE_READ_FILTER | 1);
}

static inline uint8_t *stale_filter_place(struct thread_accesses *accesses, uintptr_t address)
{
	return &accesses->stale_read_filter[address / SHADOW_GRANULE % STALE_READ_FILTER];
}

static inline void stale_filter_put_granule(struct thread_accesses *accesses, uintptr_t address)
{
	uint8_t *place = stale_filter_place(accesses, address);
	uint8_t tag = stale_filter_tag(address);

	*place = *place && *place != tag ? STALE_READS_SEVERAL : tag;
}

static inline void stale_filter_put(struct thread_accesses *accesses, uintptr_t address,
				    size_t size_bytes)
{
	uintptr_t end = address + size_bytes;

	for (address &= ~(uintptr_t)(SHADOW_GRANULE - 1); address < end; address += SHADOW_GRANULE)
		stale_filter_put_granule(accesses, address);
}

/* May the granule of @address have one?  Thunks ask this, too. */
static inline bool stale_filter_may_have_granule(struct thread_accesses *accesses,
						 uintptr_t address)
{
	uint8_t found = *stale_filter_place(accesses, address);

	return UNLIKELY(found) &&
	       (found == STALE_READS_SEVERAL || found == stale_filter_tag(address));
}

static inline bool stale_filter_may_have(struct thread_accesses *accesses, uintptr_t address,
					 size_t size_bytes)
{
	uintptr_t end = address + size_bytes;

	for (address &= ~(uintptr_t)(SHADOW_GRANULE - 1); address < end; address += SHADOW_GRANULE)
		if (stale_filter_may_have_granule(accesses, address))
			return true;
	return false;
}

#endif
