/*
 * Cells: what one shadow word cannot say.
 *
 * When bytes of a granule were accessed at different epochs, or by different
 * threads, its shadow word has the form SHADOW_CELLS and the number of a record: up
 * to eight words, each with bytes of its own, as shadow words are (plain, or of a
 * read set), with their origins.  Records lie in two arrays at fixed addresses,
 * narrow ones with two cells and wide ones with eight, so the number tells the
 * address.  A record belongs to the word that names it.
 *
 * To change a record in place, a thread first makes the word busy (cells_take()); the
 * others wait for the new word.  Each change gives the word another serial.  So a
 * reader that finds the same word after as before has read one state of one record (a
 * sequence lock: Lameter, "Effective Synchronization on Linux/NUMA Systems", 2005,
 * section 3).  Each thread has a few free records.
 *
 * A mark for each page of the program's memory says whether words of it name
 * records, so that memory which begins a new life gives them back.
 */
#ifndef DETECT_SHADOW_CELLS_H
#define DETECT_SHADOW_CELLS_H

#include "base/spin_lock.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"

struct detector;
struct thread;

/* Protects the free records that belong to no thread. */
extern struct spin_lock cells_lock;

#define CELLS_MAX 8u  /* bytes of a granule */
#define CELLS_FEW 2u  /* in a narrow record */
#define CELLS_CLASSES 2u

struct cell {
	uint64_t word; /* with bytes that no other cell of the granule has */
	origin_id origin;
};

/* A copy of the cells of one granule in one plane. */
struct cell_list {
	uint32_t count;
	struct cell cells[CELLS_MAX];
};

struct cells_narrow {
	uint64_t words[CELLS_FEW]; /* 0: no cell */
	origin_id origins[CELLS_FEW];
	uint32_t serial; /* of the last word that named it, when it is free */
	uint32_t next_free;
};

struct cells_wide {
	uint64_t words[CELLS_MAX];
	origin_id origins[CELLS_MAX];
	uint32_t serial;
	uint32_t next_free;
	uint32_t unused[6];
};

/* A record of either class. */
struct cells {
	uint64_t *words;
	origin_id *origins;
	uint32_t capacity;
};

#define CELLS_CACHED_MAX 64u /* of each class */

/* A thread's free records, by class. */
struct cells_cache {
	uint32_t free[CELLS_CLASSES];
	uint32_t count[CELLS_CLASSES];
};

/* --- What a thread keeps for its work on shadow memory, while it lives --------------- */

/* A word for which the thread has made new sets: read_lines.h. */
struct hot_read {
	uintptr_t granule;
	uint32_t new_sets;
	uint32_t quick_joins; /* of the thread, when it began to count */
};

#define HOT_READS 64u /* by the granule's number */

struct shadow_cache {
	struct cells_cache cells;	  /* free records */
	struct read_step *read_steps;	  /* READ_STEPS of them, or NULL: read_set.h */
	struct origin_step *origin_steps; /* ORIGIN_STEPS of them, or NULL: origin.h */
	struct origin_sites origin_sites[1u << ORIGIN_SITES_BITS];
	uint64_t *readers;		  /* room for members of a set */
	uint32_t reader_capacity;
	uint32_t quick_joins, new_sets; /* read_set_join() */
	struct hot_read hot_reads[HOT_READS];
};

/* False without memory. */
static inline bool shadow_cache_ensure(struct thread_memory *memory)
{
	if (!memory->shadow)
		memory->shadow = arena_alloc(&memory->arena, sizeof(*memory->shadow));
	return memory->shadow;
}

/* --- Words and records ----------------------------------------------------------- */

/* wide 1 | serial 23 | index 28 | form 4 | none */
#define CELLS_WIDE (1ull << 63)
#define CELLS_INDEX_BITS 28u
#define CELLS_INDEX_MASK ((1u << CELLS_INDEX_BITS) - 1)
#define CELLS_SERIAL_SHIFT (SHADOW_EPOCH_SHIFT + CELLS_INDEX_BITS)
#define CELLS_SERIAL_MASK ((1u << 23) - 1)

static inline bool cells_are(uint64_t word)
{
	return shadow_form(word) == SHADOW_CELLS;
}

static inline uint32_t cells_serial(uint64_t word)
{
	return (uint32_t)(word >> CELLS_SERIAL_SHIFT) & CELLS_SERIAL_MASK;
}

/* The same record, changed. */
static inline uint64_t cells_next(uint64_t word)
{
	uint64_t others = word & ~((uint64_t)CELLS_SERIAL_MASK << CELLS_SERIAL_SHIFT);

	return others | (uint64_t)((cells_serial(word) + 1) & CELLS_SERIAL_MASK)
				<< CELLS_SERIAL_SHIFT;
}

/* The record that @word, of the form SHADOW_CELLS, names. */
static inline struct cells cells_of(uint64_t word)
{
	uint32_t index = (uint32_t)shadow_number(word) & CELLS_INDEX_MASK;
	struct cells_narrow *narrow = (struct cells_narrow *)SHADOW_NARROW_CELLS + index;
	struct cells_wide *wide = (struct cells_wide *)SHADOW_WIDE_CELLS + index;

	return word & CELLS_WIDE ? (struct cells){wide->words, wide->origins, CELLS_MAX}
				 : (struct cells){narrow->words, narrow->origins, CELLS_FEW};
}

/* Waits until no thread is changing the cells of *@place; returns the word. */
uint64_t cells_settle(struct detector *detector, uint64_t *place);

static inline uint64_t cells_load(struct detector *detector, uint64_t *place)
{
	uint64_t word = claim_look(place);

	return LIKELY(shadow_form(word) != SHADOW_BUSY) ? word : cells_settle(detector, place);
}

/* Makes *@place, which was @old, busy on the way to @next, both of the same record.
 * False: it is not @old any more.  Afterwards the caller changes the record, and
 * stores @next by store_release(). */
static inline bool cells_take(struct detector *detector, uint64_t *place, uint64_t old,
			      uint64_t next)
{
	uint64_t busy = next ^ (uint64_t)(SHADOW_CELLS ^ SHADOW_BUSY) << SHADOW_FORM_SHIFT;

	return claim_exchange(detector, place, &old, busy);
}

/* Adds @word unless it has no bytes; bytes of one access share a cell. */
static inline void cell_list_add(struct cell_list *list, uint64_t word, origin_id origin)
{
	if (!shadow_bytes(word))
		return;
	for (uint32_t i = 0; i < list->count; i++)
		if (shadow_is_same_epoch(list->cells[i].word, word) &&
		    list->cells[i].origin == origin) {
			list->cells[i].word |= word;
			return;
		}
	/* Cells share no bytes, so there are never more than bytes. */
	if (list->count < CELLS_MAX)
		list->cells[list->count++] = (struct cell){word, origin};
}

/* Copies the cells of @word, read at @place; false if *@place is not @word any more. */
bool cells_read(const uint64_t *place, uint64_t word, struct cell_list *list);

/*
 * Adds @word to the cells of *@place, which is @old, and takes its bytes from the others: the
 * usual case, where one of these is of the same access or has no other bytes.  False: it is
 * another, or one word would be enough; nothing was done.
 */
bool cells_add(struct detector *detector, uint64_t *place, uint64_t old, uint64_t word,
	       origin_id origin);

/* *@place in the shadow of @granule, which was @old, becomes a word with the cells
 * of @list, at least two.  False: it is not @old any more.  Without memory (counted)
 * the last cell alone is kept. */
bool cells_put(struct detector *detector, struct thread *thread, uint64_t *place, uint64_t old,
	       uintptr_t granule, const struct cell_list *list);

/* Frees the record of @word, if it named one: the word has been replaced. */
void cells_free_slowly(struct thread *thread, uint64_t word);

static inline void cells_free(struct thread *thread, uint64_t word)
{
	if (UNLIKELY(cells_are(word)))
		cells_free_slowly(thread, word);
}

/* The memory [start, end), whole granules, begins a new life: its words that name
 * records become 0. */
void cells_clear(struct thread *thread, uintptr_t start, uintptr_t end);

/* Calls @each for all words of all records, and some that are free. */
void cells_each_word(void (*each)(void *context, uint64_t word), void *context);

#endif
