/*
 * Cells: what one shadow word cannot say.
 *
 * When bytes of a granule were accessed at different epochs, or by different
 * threads, its shadow word has the form SHADOW_CELLS: up to eight words, each with
 * bytes of its own, as shadow words are (plain, or of a read set), with their
 * origins.  They lie at a place that the granule's address tells: a directory at a
 * fixed address has an entry for each page of the program's memory, and the entry
 * points to a block with room for the first four cells of each granule in each of
 * the two planes.  A second block has room for the other four, which few need.
 * Blocks come into being with the first cells of a page; pages of them that nobody
 * touches cost nothing.
 *
 * Who changes cells first makes the shadow word a busy one (cells_take()), and
 * with the new word lets others in again: they wait for that.  Each shadow word
 * of the form SHADOW_CELLS has a number of its own, so who has read cells and
 * finds the word as it was has read what belongs together (a sequence lock: Lameter,
 * "Effective Synchronization on Linux/NUMA Systems", 2005, section 3).
 */
#ifndef DETECT_CELLS_H
#define DETECT_CELLS_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/origin.h"

struct detector;
struct thread;

#define CELLS_MAX 8u  /* bytes of a granule */
#define CELLS_NEAR 4u /* in the first block */

struct cell {
	uint64_t word; /* with bytes that no other cell of the granule has */
	origin_id what;
};

/* The cells of one granule in one plane, laid out. */
struct cell_list {
	uint32_t count;
	struct cell cells[CELLS_MAX];
};

#define CELLS_PAGE_SHIFT 12
#define CELLS_GRANULES ((1u << CELLS_PAGE_SHIFT) / SHADOW_GRANULE)

struct cells_block {
	uint64_t words[CELLS_GRANULES][2][CELLS_NEAR]; /* [1]: of writes; 0: no cell */
	origin_id whats[CELLS_GRANULES][2][CELLS_NEAR];
};

/* Half a granule's cells: CELLS_NEAR words, and their origins. */
struct cells {
	uint64_t *words;
	origin_id *whats;
};

/* Blocks come from @pages.  Like shadow memory they are the process's, whatever
 * detector uses them. */
void cells_init(page_source pages);

/* --- Words ------------------------------------------------------------------ */

/* Bit 51 of the number: there are cells in the second block. */
#define CELLS_FAR (1ull << 63)

static inline bool cells_are(uint64_t word)
{
	return shadow_form(word) == SHADOW_CELLS;
}

/* A number that no word had. */
uint64_t cells_new_word(struct thread *thread);

/* What *@place says once nobody changes its cells any more. */
uint64_t cells_settle(struct detector *detector, uint64_t *place);

static inline uint64_t cells_load(struct detector *detector, uint64_t *place)
{
	uint64_t word = load_acquire(place);

	return LIKELY(shadow_form(word) != SHADOW_BUSY) ? word : cells_settle(detector, place);
}

/*
 * Makes *@place, which was @old of any form, busy on the way to become @word.  False:
 * it is not @old any more.  Whoever succeeds puts *@place right by store_release().
 */
static inline bool cells_take(uint64_t *place, uint64_t old, uint64_t word)
{
	uint64_t busy = (word & ~(15ull << SHADOW_FORM_SHIFT)) |
			(uint64_t)SHADOW_BUSY << SHADOW_FORM_SHIFT;

	return compare_exchange_acq_rel(place, &old, busy);
}

/* --- Places ----------------------------------------------------------------- */

static inline struct cells_block **cells_entry(uintptr_t address, bool is_far)
{
	return (struct cells_block **)((is_far ? SHADOW_FAR_DIRECTORY : SHADOW_DIRECTORY) +
				       (address >> CELLS_PAGE_SHIFT) * sizeof(uintptr_t));
}

static inline struct cells cells_in(struct cells_block *block, uintptr_t address, bool is_write)
{
	uint32_t granule = address / SHADOW_GRANULE % CELLS_GRANULES;

	return (struct cells){block->words[granule][is_write], block->whats[granule][is_write]};
}

/* The first half of cells that a word has told of, so they are there. */
static inline struct cells cells_near(uintptr_t address, bool is_write)
{
	/* acquire: pairs with cells_reserve(). */
	return cells_in(load_acquire(cells_entry(address, false)), address, is_write);
}

/* The second half, if the word has CELLS_FAR. */
static inline struct cells cells_far(uintptr_t address, bool is_write)
{
	return cells_in(load_acquire(cells_entry(address, true)), address, is_write);
}

/* Makes sure that @address has room for cells.  False without memory (counted). */
bool cells_reserve_slowly(struct detector *detector, uintptr_t address, bool is_far);

static inline bool cells_reserve(struct detector *detector, uintptr_t address, bool is_far)
{
	return LIKELY(load_acquire(cells_entry(address, is_far)) != NULL) ||
	       cells_reserve_slowly(detector, address, is_far);
}

/* --- All cells -------------------------------------------------------------- */

/* What @word, read at @place, says of @granule; false if *@place is not @word any more. */
bool cells_read(const uint64_t *place, uint64_t word, uintptr_t granule, bool is_write,
		struct cell_list *list);

/*
 * *@place, which was @old, becomes a word with the cells of @list.  False: it is
 * not @old any more.  Without memory the last cell alone is kept.
 */
bool cells_put(struct detector *detector, struct thread *thread, uint64_t *place, uint64_t old,
	       uintptr_t granule, bool is_write, const struct cell_list *list);

/* Calls @each for all words of all cells of reads, and some that are no more. */
void cells_each_read(void (*each)(void *context, uint64_t word), void *context);

/* The memory [start, end), whose shadow has been cleared, wants no cells. */
void cells_forget(uintptr_t start, uintptr_t end);

/* In a fork's child. */
void cells_forked(void);

#endif
