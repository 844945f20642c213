#include "detect/cells.h"

#include "detect/detector.h"

#define SWEEP_FIRST 4096u
#define FIRST_CAPACITY 4u

void cells_table_init(struct cells_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->sweep_at = SWEEP_FIRST;
}

/* Under table->busy. */
static void release(struct cells_table *table, struct cells *cells)
{
	cells->is_in_use = false;
	cells->count = 0;
	cells->next_free = table->free_list;
	table->free_list = cells;
	table->in_use_count--;
}

/* Under table->busy.  Who holds a record's lock is using it. */
static void sweep(struct cells_table *table)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct cells *cells = id_table_get(&table->by_number, number);

		if (!cells || !cells->is_in_use || load_relaxed(&cells->busy.is_taken) ||
		    !spin_lock(&cells->busy))
			continue;
		/* relaxed: no word ever names a record again. */
		if (cells->count && load_relaxed(cells->place) != cells_word(cells))
			release(table, cells);
		spin_unlock(&cells->busy);
	}
	table->sweep_at = 2 * table->in_use_count + SWEEP_FIRST;
}

/* Under table->busy. */
static struct cells *new_cells(struct cells_table *table)
{
	struct cells *cells = table->free_list;
	uint32_t number = table->by_number.last + 1;

	if (cells) {
		table->free_list = cells->next_free;
		return cells;
	}
	cells = arena_alloc(&table->arena, sizeof(*cells));
	if (!cells || !id_table_set(&table->by_number, &table->arena, number, cells))
		return NULL;
	cells->number = number;
	return cells;
}

struct cells *cells_take(struct detector *detector, uint64_t *place)
{
	struct cells_table *table = &detector->cells;
	struct cells *cells;

	if (!spin_lock(&table->busy))
		return NULL;
	if (table->in_use_count >= table->sweep_at)
		sweep(table);
	cells = new_cells(table);
	if (cells) {
		cells->place = place;
		cells->count = 0;
		cells->is_in_use = true;
		table->in_use_count++;
	}
	spin_unlock(&table->busy);
	return cells;
}

void cells_give_back(struct detector *detector, struct cells *cells)
{
	if (!spin_lock(&detector->cells.busy))
		return;
	release(&detector->cells, cells);
	spin_unlock(&detector->cells.busy);
}

static bool grow(struct detector *detector, struct cells *cells)
{
	uint32_t more = cells->capacity ? 2 * cells->capacity : FIRST_CAPACITY;
	struct cell *room;

	if (!spin_lock(&detector->cells.busy))
		return false;
	room = arena_grow(&detector->cells.arena, cells->cells,
			  cells->capacity * sizeof(*room), more * sizeof(*room));
	spin_unlock(&detector->cells.busy);
	if (!room)
		return false;
	cells->cells = room;
	cells->capacity = more;
	return true;
}

bool cells_add(struct detector *detector, struct cells *cells, uint64_t word, origin_id what)
{
	if (cells->count == cells->capacity && !grow(detector, cells)) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	cells->cells[cells->count++] = (struct cell){word, what};
	return true;
}

struct cells *cells_lock(struct detector *detector, uint64_t *place)
{
	uint64_t word = load_acquire(place);
	struct cells *cells;

	if (shadow_form(word) != SHADOW_CELLS)
		return NULL;
	cells = id_table_get(&detector->cells.by_number, (uint32_t)shadow_number(word));
	if (!cells || !spin_lock(&cells->busy)) {
		detector_count(detector, LOST_ACCESSES);
		return NULL;
	}
	if (load_acquire(place) == word)
		return cells;
	spin_unlock(&cells->busy);
	return NULL;
}
