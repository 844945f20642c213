/*
 * Sites: the places in the code that access memory, numbered when the code is
 * planned (src/x86), or when a script mentions them.
 *
 * A site's row is made when it is first asked for, from a source or by whoever has its id, before
 * any code that names it can run, and never changes after, but for its counters.
 */
#ifndef DETECT_DATA_SITE_H
#define DETECT_DATA_SITE_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/types.h"

typedef uint32_t site_id;

/* What the machine code says of an access. */
enum site_flag {
	SITE_READ = 1u << 0,
	SITE_WRITE = 1u << 1,
	SITE_UPDATE = 1u << 2,	     /* one instruction reads and writes, or a store whose value
				 * rests on a load of the same place (site.partner) */
	SITE_PLAIN_MOVE = 1u << 3,   /* a mov of at most 8 bytes: may be an atomic one */
	SITE_LOCKED = 1u << 4,	     /* lock prefix or xchg: synchronises */
	SITE_SPIN = 1u << 5,	     /* a load that a loop spins on: synchronises */
	SITE_MAY_BE_STALE = 1u << 6, /* a load that a later store of the same place, or a
				 * decision about one, rests on */
	SITE_RANGE = 1u << 7,	     /* string instruction, libc function: any length */
	SITE_CONSTANT = 1u << 8,     /* a store of a constant */
	SITE_DECIDES = 1u << 9,      /* a load that decides a branch, which guards a store to the
				  * same place: they share an update group */
	SITE_SILENT = 1u << 10,	     /* never part of a finding: watched for synchronisation only */
	SITE_COMPARES = 1u << 11,    /* SITE_DECIDES, as it is less or more than what is stored */
	SITE_HIDDEN = 1u << 12,	     /* of state that the C library keeps: a call changes it */
	SITE_DESCRIPTOR = 1u << 13,  /* of a descriptor: a call uses it, or ends it */
	SITE_CALL = 1u << 14,	     /* a call of an accessor, or one that a SITE_AWAITS decides:
				      * its return address; no access */
	SITE_AWAITS = 1u << 15,	     /* a load that alone decides whether a call is made, which
				      * may wait for another value (x86/checks/waits.h) */
	SITE_EXAMINED = 1u << 16,    /* SITE_UPDATE, a store: what was loaded has decided a branch
				      * before it, or was passed to a function */
	SITE_EARLY = 1u << 17,	     /* a store that shares the check of an earlier access: checks
				      * of accesses in between come after it */
	SITE_MAY_BE_SPLIT = 1u << 18, /* SITE_MAY_BE_STALE or SITE_DECIDES, and a lock may be
				      * released before the store (x86/paths/splits.h) */
	SITE_DOUBTFUL = 1u << 19,    /* a load that the source may not make, or not all of it */
	SITE_EQUATES = 1u << 20,     /* SITE_DECIDES, as it is or is not what is stored */
	SITE_MATCHES = 1u << 26,     /* SITE_DECIDES, by being equal to something: who finds
				      * something else does not act */
	SITE_ADDRESS = 1u << 27	     /* a store of an address of the program's: perhaps of the
				      * virtual table that the object has already */
};

/* Five upper flags: after so many slow accesses, its own check's not counted, a load has been
 * made for sure, as other checks may stand between its check and itself; 0: not known. */
#define SITE_LOOKS_SHIFT 21
#define SITE_LOOKS_MOST 31u

struct site {
	uintptr_t address; /* of the instruction */
	uint32_t flags;
	uint16_t size_bytes; /* 0: varies */
	uint16_t member_offset; /* of a check that several sites share: first byte of this one */
	site_id next_member; /* the next site of the shared check, or 0 */
	uint32_t update_group; /* loads and stores whose values rest on each other; 0: none */
	uint32_t first_count;	  /* accesses that were among the first: origin.h; relaxed */
	uint32_t code_generation; /* of its module: stack_depot.h */
	uint16_t return_at; /* of an accessor, which belongs to its caller's update group: from
			     * rsp to the return address, plus 1; 0: it is none */
	uint16_t arguments; /* of an accessor: which one it stores, by its bit; of a call in an
			     * update group: which rest on its loads; of a forwarder's call:
			     * four bits for each of the first four, which of the
			     * forwarder's it is, plus 1; 0: none; of a locked instruction, in
			     * the upper bits: which operand of it leaves what was there */
	uint16_t suspect_count; /* it was part of a finding: of so many more accesses, less 1, its
				 * callers are kept; 0: it was none */
	/* Of what is atomic, but perhaps not here: unordered accesses by others that were met, and
	 * reads that were noted for others to meet; the first of both (race_meet_atomic()). */
	uint8_t beside_count, noted_count;
};

#define SITE_BESIDE_TOLD 4u

/* relaxed: a count that need not be exact */
static inline bool site_tells_beside(const struct site *site)
{
	return load_relaxed(&site->beside_count) < SITE_BESIDE_TOLD;
}

static inline bool site_notes_reads(const struct site *site)
{
	return load_relaxed(&site->noted_count) < SITE_BESIDE_TOLD;
}

/* Rows that are made when they are asked for, as a run meets few of a module's. */
struct site_source {
	const struct site_source *next;
	site_id first;
	uint32_t count;
	/* Fills the row of first + @index, which is zero, and returns its address.  Several
	 * threads may do that at once, with a row each, one of which is taken. */
	uintptr_t (*fill)(const struct site_source *source, uint32_t index, struct site *site);
};

#define SITE_CHUNK 4096u
#define SITE_MAX (1u << 22)
#define SITE_CALLS_FIRST (1u << 8)
#define SITE_CALLS_MAX (1u << 14)

/* A call: where it returns to, and its row. */
struct site_call {
	uintptr_t address; /* 0: none */
	site_id site;
};

/* Calls by their addresses, half of the places at most. */
struct site_calls {
	uint32_t size, count; /* a power of two; of places in use */
	struct site_call places[];
};

/* Rows in the order in which they were asked for, so that they take few pages.  Row 0 stands for
 * those that there is no room for. */
struct site_rows {
	uint32_t count; /* behind row 0 */
	struct site *chunks[SITE_MAX / SITE_CHUNK + 1];
};

struct site_table {
	struct arena arena;
	uint32_t *numbers[SITE_MAX / SITE_CHUNK]; /* of the row, by id; 0: not made yet */
	struct site_rows *rows;
	uint32_t count; /* ids given out; id 0 is none */
	const struct site_source *sources; /* only grows */
	struct site_calls *calls; /* NULL: none yet */
};

/* Whether thunks pass all accesses of a site to C, or one in many. */
enum site_attention {
	SITE_WANTED,
	SITE_ORDERING, /* the same for ever: another thread seems to acquire what it stores */
	SITE_QUIET_SILENT, /* of a silent module: recorded at once, or by the whole engine */
	SITE_QUIET,
	SITE_QUIET_UNLOCKED, /* reads while the thread holds no lock; writes where nobody
			      * updates in split sections */
};

extern uint8_t site_attention[SITE_MAX];

/* How many stores to atomic locations each site has made since another thread came to one of them
 * that the site had stored to last: up to SITE_UNHEARD.  SITE_HEARD: one came for a release that
 * was put off (race/atomics/owner.c), and none of the site is put off again. */
extern uint16_t site_unheard[SITE_MAX];

#define SITE_UNHEARD 4096u
#define SITE_HEARD UINT16_MAX

/* relaxed, these: hints */
static inline bool site_is_unheard(site_id id)
{
	return load_relaxed(&site_unheard[id]) == SITE_UNHEARD;
}

static inline void site_count_unheard(site_id id)
{
	uint16_t count = load_relaxed(&site_unheard[id]);

	if (count < SITE_UNHEARD)
		store_relaxed(&site_unheard[id], (uint16_t)(count + 1));
}

static inline void site_is_heard(site_id id)
{
	if (load_relaxed(&site_unheard[id]) != SITE_HEARD)
		store_relaxed(&site_unheard[id], (uint16_t)0);
}

void site_table_init(struct site_table *table, page_source pages);

/* @count consecutive ids, whose rows the caller then fills, or adds a source of; 0 if
 * there is no room.  Serialised by the caller (planning is). */
site_id site_table_reserve(struct site_table *table, uint32_t count);

/* @source stays.  Serialised as above. */
void site_table_add_source(struct site_table *table, struct site_source *source);

/* Makes the row of @id, by its source if it has one, and returns its number. */
uint32_t site_make(const struct site_table *table, site_id id);

static inline struct site *site_row(const struct site_table *table, site_id id)
{
	/* acquire: pairs with site_make(). */
	uint32_t number = load_acquire(&table->numbers[id / SITE_CHUNK][id % SITE_CHUNK]);

	if (UNLIKELY(!number))
		number = site_make(table, id);
	return &table->rows->chunks[number / SITE_CHUNK][number % SITE_CHUNK];
}

/* NULL for 0 and ids not given out. */
static inline struct site *site_get(const struct site_table *table, site_id id)
{
	return id && id <= table->count ? site_row(table, id) : NULL;
}

/* Makes the row @id, of a call that returns to @address, known.  Serialised as above. */
void site_add_call(struct site_table *table, uintptr_t address, site_id id);

/* The row of the call that returns to @address, or 0. */
site_id site_find_call(const struct site_table *table, uintptr_t address);

#define SITE_SUSPECT_ACCESSES 4096u

/* Site @id is part of a finding: thunks pass its next accesses to C. */
void site_suspect(const struct site_table *table, site_id id);

/* The site of @direction at byte @offset among those that share @head's check; @head if
 * there is none. */
site_id site_member_at(const struct site_table *table, site_id head, uint32_t offset,
		       uint32_t direction);

/* How many bytes the check of @head has; 0: it varies. */
uint32_t site_check_bytes(const struct site_table *table, site_id head);

#endif
