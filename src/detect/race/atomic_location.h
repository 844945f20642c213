/*
 * Atomic locations: memory that synchronises by itself.
 *
 * A location becomes atomic when a locked instruction (or xchg) first touches
 * it, or when it is known to be one (a futex word).  From then on a locked
 * instruction on it acquires and releases, a plain load acquires, a plain store
 * releases: on x86 that is what acquire and release operations compile to, so
 * nothing is asked of the program that its source may not say.  Its accesses are
 * never races.
 *
 * Both shadow words of its granule then have the form SHADOW_ATOMIC and the
 * location's number; what the granule's other bytes need is kept in words of
 * the location (atomic_access() says where).  The two halves of a granule have
 * clocks of their own; smaller neighbours share one, which may hide a race
 * but makes none.
 *
 * An acquire must come after the load that it belongs to, but accesses are seen
 * before they are made, and checks of several may stand before the first of
 * them.  So a load only notes the location; the join is made at the thread's next
 * look (atomic_catch_up()): its next slow access, release or finding.  Until then
 * nothing has asked what the thread knows.  As that look may belong to a check
 * that stands before the load itself, some more looks join again what is new.
 *
 * Nothing frees a location when its memory begins a new life, which only
 * clears shadow words; locations that no shadow word names any more are found
 * and used again when their number has doubled.
 */
#ifndef DETECT_RACE_ATOMIC_LOCATION_H
#define DETECT_RACE_ATOMIC_LOCATION_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/shadow/shadow.h"
#include "detect/data/site.h"
#include "detect/data/vclock.h"

struct access;
struct detector;
struct thread;

#define ATOMIC_HALVES 2u

struct atomic_half {
	struct vclock_snapshot *clock; /* what was released here */
	uint64_t stamp; /* of the thread clock that it is, if it is one's (thread.h) */
};

struct atomic_location {
	struct spin_lock busy;
	thread_id user; /* who holds 'busy' around an instruction */
	uint32_t number;
	uint32_t is_in_use;
	uintptr_t granule;
	uint32_t version;	/* changes after each release here; under 'busy' */
	uint8_t bytes;		/* that were touched atomically */
	uint8_t operation_halves; /* of the instruction under way */
	struct atomic_half halves[ATOMIC_HALVES];
	uint64_t write; /* shadow of the other bytes */
	uint64_t read;
	struct shadow_origins origins;
	struct atomic_location *next_free;
};

struct atomic_table {
	struct spin_lock busy; /* the fields below; inside a location's */
	struct arena arena;
	struct id_table by_number;
	struct atomic_location *free_list;
	uint32_t in_use_count;
	uint32_t sweep_at; /* look for locations out of use at that many */
};

/* NULL when memory is exhausted. */
struct atomic_table *atomic_table_create(struct arena *arena, page_source pages);

/* Calls @each for the read word of each location's other bytes. */
void atomic_each_read_word(const struct detector *detector,
			   void (*each)(void *context, uint64_t word), void *context);

/* In a fork's child: gives back what threads other than @survivor hold. */
void atomic_table_forked(struct atomic_table *table, const struct thread *survivor);

/*
 * @thread accesses, not by a locked instruction, @bytes of a granule whose
 * shadow word @word has the form SHADOW_ATOMIC.  Does what the atomic ones among
 * them need.  Returns the bytes that are left to classify, with *@inner telling
 * where their shadow is.
 */
uint32_t atomic_access(struct detector *detector, struct thread *thread,
		       const struct access *access, uint32_t bytes, uint64_t word,
		       struct shadow *inner);

/* Makes the @size_bytes at @address atomic.  NULL when out of memory. */
struct atomic_location *atomic_mark(struct detector *detector, struct thread *thread,
				    uintptr_t address, size_t size_bytes);

/* A wake and a wait of a futex word: release and acquire on its location. */
void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address);
void atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address);

/* Joins what the thread's last atomic loads may have learnt; to be called if
 * thread->accesses.acquire_count is not 0. */
void atomic_catch_up(struct detector *detector, struct thread *thread);

#endif
