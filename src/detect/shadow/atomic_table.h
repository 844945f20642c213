/*
 * The table of atomic locations (race/atomics/atomic_location.h): what is kept of each, by
 * number.
 *
 * Nothing frees a location when its memory begins a new life, which only
 * clears shadow words; locations that no shadow word names any more are found
 * and used again when their number has doubled.
 */
#ifndef DETECT_SHADOW_ATOMIC_TABLE_H
#define DETECT_SHADOW_ATOMIC_TABLE_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/data/vclock.h"
#include "detect/data/site.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/shadow.h"

struct detector;
struct thread;

#define ATOMIC_HALVES 2u
#define ATOMIC_HALF_BYTES 4u
#define ATOMIC_HALF_MASK 0x0fu /* of a granule's bytes: the first half */

/* So many stores in turn make a thread the owner of a location; twice as many each time that
 * it loses that. */
#define ATOMIC_STORES_ALONE 4096u
#define ATOMIC_STORES_ALONE_MOST 16384u

/* Where a site's stores are put off it is the owner after this part of them, of any sort. */
#define ATOMIC_UNHEARD_PART 64u

struct atomic_half {
	struct vclock_snapshot *clock; /* what was released here */
	uint64_t stamp; /* of the thread clock that it is, if it is one's (thread.h) */
	struct cell last; /* the last write that began here, locked or not; word 0: none */
	uint64_t told;	  /* by who stored last: clock_tell(); 0: nothing */
	uint32_t teller;  /* its slot */
	uint32_t writers; /* bit n: threads of slots n, n + 32 ... have stored */
};

struct atomic_location {
	struct spin_lock busy;
	thread_id user; /* who holds 'busy' around an instruction */
	uint32_t number;
	bool is_in_use;
	bool was_named; /* by shadow memory, when the process forks */
	uintptr_t granule;
	uint32_t version;	/* changes after each release here; under 'busy' */
	uint8_t bytes;		/* that were touched atomically */
	/* Of the locked instruction under way. */
	uint8_t operation_halves;
	uint8_t operation_bytes;
	bool has_value; /* of memory before it */
	bool may_be_idle; /* it may leave what was there: or $0, xadd of 0 */
	bool is_idle;	  /* ... as its operand says */
	bool is_met_early; /* 'met' is of before the bytes were atomic: nothing ordered it then */
	uint8_t idle_halves; /* whose last write is such a one, which no store can lose */
	bool is_futex;	/* threads have waited for it, or were woken */
	uint64_t value;
	struct cell before; /* the last write before it */
	struct cell mine;   /* its own record */
	struct cell met;    /* another thread's update that is unordered with it */
	struct cell reader; /* a read by a plain move, for the next store to meet; word 0: none */
	struct atomic_half halves[ATOMIC_HALVES];
	/* Who alone has stored here of late, and in which epoch last, as a plain word without
	 * bytes: its releases are put off (atomic_location.h).  0: nobody. */
	uint64_t owner;
	uint32_t storer;	/* slot of who stored last, but for locked instructions */
	uint16_t stores_alone;	/* how often in turn; up to stores_wanted */
	uint16_t stores_wanted; /* from then on it is the owner */
	uint16_t uses_alone; /* the same, but exchanges and comparisons count, too */
	uint8_t moved_bytes; /* that it has stored to by plain moves last */
	bool owns_by_site; /* the owner is it for unheard sites alone */
	site_id store_site; /* where it stored last by a plain move */
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

/* The shadow word of a granule that has one. */
static inline uint64_t atomic_word(const struct atomic_location *location)
{
	return (uint64_t)location->number << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_ATOMIC << SHADOW_FORM_SHIFT;
}

/* The read word of one that sleeps, and that the thread in @slot has alone: in place of bytes it
 * says whether for unheard sites only. */
static inline uint64_t atomic_asleep_word(const struct atomic_location *location, uint32_t slot)
{
	return (uint64_t)slot << SHADOW_SLOT_SHIFT |
	       (uint64_t)location->number << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_ASLEEP << SHADOW_FORM_SHIFT | location->owns_by_site;
}

/* NULL when memory is exhausted. */
struct atomic_table *atomic_table_create(struct arena *arena, page_source pages);

/* A new location for @granule, NULL if none is to be had. */
struct atomic_location *atomic_table_take(struct detector *detector, struct thread *thread,
					  uintptr_t granule);
void atomic_table_give_back(struct detector *detector, struct atomic_location *location);

/* The location that the shadow word @word, of the form SHADOW_ATOMIC or SHADOW_ASLEEP, names. */
struct atomic_location *atomic_table_get(const struct detector *detector, uint64_t word);

/* Calls @each for the read word of each location's other bytes. */
void atomic_each_read_word(const struct detector *detector,
			   void (*each)(void *context, uint64_t word), void *context);

/* Before a fork, whose child begins with empty shadow memory: notes what that names. */
void atomic_table_forks(struct atomic_table *table);

/* In the child: names that again, and gives back what threads other than @survivor hold. */
void atomic_table_forked(struct atomic_table *table, const struct thread *survivor);

#endif
