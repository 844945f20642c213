/*
 * Cells: what one shadow word cannot say.
 *
 * A record of several accesses to one granule: of different bytes at different
 * epochs, or, for reads, by several threads.  Each cell is a plain shadow word
 * and its origin.  The shadow word then has the form SHADOW_CELLS and the
 * record's number.  When one word can say it again, the record goes.
 *
 * Nothing frees a record when its memory begins a new life; records that no
 * shadow word names any more are found when their number has doubled.
 */
#ifndef DETECT_CELLS_H
#define DETECT_CELLS_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/origin.h"

struct detector;

struct cell {
	uint64_t word; /* plain */
	origin_id what;
};

struct cells {
	struct spin_lock busy;
	uint32_t number;
	uint32_t count;
	uint32_t capacity;
	uint32_t is_in_use;
	uint64_t *place; /* the shadow word that names it */
	struct cell *cells;
	struct cells *next_free;
};

struct cells_table {
	struct spin_lock busy; /* nests inside that of a record */
	struct arena arena;
	struct id_table by_number;
	struct cells *free_list;
	uint32_t in_use_count;
	uint32_t sweep_at;
};

void cells_table_init(struct cells_table *table, page_source pages);

/* A record for *@place, empty, not named yet; NULL without memory. */
struct cells *cells_take(struct detector *detector, uint64_t *place);
void cells_give_back(struct detector *detector, struct cells *cells);

/* False without memory. */
bool cells_add(struct detector *detector, struct cells *cells, uint64_t word, origin_id what);

static inline uint64_t cells_word(const struct cells *cells)
{
	return (uint64_t)cells->number << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_CELLS << SHADOW_FORM_SHIFT;
}

/* The record that *@place names, locked; NULL if it names none any more, or it
 * was not to be had (counted). */
struct cells *cells_lock(struct detector *detector, uint64_t *place);

#endif
