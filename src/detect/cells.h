/*
 * Cells: what one shadow word cannot say.
 *
 * When bytes of a granule were accessed at different epochs, or by different
 * threads, its shadow word has the form SHADOW_CELLS and the number of a record:
 * up to eight words, each with bytes of its own, as shadow words are (plain, or
 * of a read set), with their origins.
 *
 * A record never changes while a shadow word names it: who wants to say something
 * else makes a new one, and exchanges the words.  A number has a serial, so a word
 * that was exchanged meanwhile is never taken for the same one.  Each thread
 * has a few free records, so that neither takes a lock.
 *
 * Records whose memory begins a new life are not told of it.  When records have
 * doubled in number, those that no shadow word names any more are collected.
 * (Immutable records and exchange: Treiber, "Systems Programming: Coping with
 * Parallelism", 1986; who is about to publish says so: Michael, "Hazard
 * Pointers", 2004.)
 */
#ifndef DETECT_CELLS_H
#define DETECT_CELLS_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/origin.h"

struct detector;
struct thread;

#define CELLS_MAX 8u	 /* bytes of a granule */
#define CELLS_CLASSES 2u /* records for two cells, and for all */

struct cell {
	uint64_t word; /* with bytes that no other cell of the record has */
	origin_id what;
};

/* The cells of one granule in one plane, laid out. */
struct cell_list {
	uint32_t count;
	struct cell cells[CELLS_MAX];
};

struct cells {
	uint64_t named;	  /* the word that names it, or is about to; 0: it is free */
	uint64_t word;	  /* the same, but kept when it is free */
	uintptr_t holder; /* the granule, and which plane */
	struct cells *next_free;
	uint32_t count;
	uint32_t capacity;
	uint64_t words[];
	/* origin_id whats[capacity]; */
};

/* A thread's free records. */
struct cells_cache {
	struct cells *free[CELLS_CLASSES];
	uint32_t count[CELLS_CLASSES];
};

struct cells_table {
	struct spin_lock busy; /* protects all but what records hold */
	struct arena arena;
	struct id_table by_number;
	struct cells *free[CELLS_CLASSES];
	uint32_t used_count; /* not in 'free' */
	uint32_t sweep_at;
};

void cells_table_init(struct cells_table *table, page_source pages);

/* The record's number has the serial above the index. */
#define CELLS_INDEX_BITS 28u
#define CELLS_INDEX_MASK ((1u << CELLS_INDEX_BITS) - 1)

/* A plane, in the lowest bits of a holder. */
enum cells_plane { CELLS_WRITES, CELLS_READS };

/*
 * The word of a new record of @list for @holder.  0 without memory.  The thread
 * must call cells_published() when it has put the word in its place, or else
 * cells_drop().
 */
uint64_t cells_make(struct detector *detector, struct thread *thread, uintptr_t holder,
		    const struct cell_list *list);
void cells_published(struct thread *thread);

/* No shadow word says @word any more, or ever did. */
void cells_drop(struct detector *detector, struct thread *thread, uint64_t word);

/* What @word says; false if it has been exchanged and dropped meanwhile. */
bool cells_read(const struct detector *detector, uint64_t word, struct cell_list *list);

/* Calls @each for all words of all records: for read_set.c. */
void cells_each_word(const struct detector *detector, void (*each)(void *context, uint64_t word),
		     void *context);

/* In a fork's child. */
void cells_forked(struct detector *detector);

#endif
