#include "detect/shadow/cells.h"

#include "base/spin_lock.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"

#define REFILL 16u

_Static_assert(sizeof(struct cells_narrow) == 32 && sizeof(struct cells_wide) == 128,
	       "records do not straddle cache lines more than they must");

/* The records belong to the process, as shadow memory does.  Index 0 is not used. */
static struct {
	uint32_t last[CELLS_CLASSES];
	uint32_t free[CELLS_CLASSES];
} table;

struct spin_lock cells_lock;

static struct cells_narrow *narrow_at(uint32_t index)
{
	return (struct cells_narrow *)SHADOW_NARROW_CELLS + index;
}

static struct cells_wide *wide_at(uint32_t index)
{
	return (struct cells_wide *)SHADOW_WIDE_CELLS + index;
}

static uint32_t *next_free_of(bool is_wide, uint32_t index)
{
	return is_wide ? &wide_at(index)->next_free : &narrow_at(index)->next_free;
}

static uint32_t *serial_of(bool is_wide, uint32_t index)
{
	return is_wide ? &wide_at(index)->serial : &narrow_at(index)->serial;
}

#define SLEEPS 80u /* some 100 ms */

/* Cells are changed within a few instructions, but the thread may be preempted there.
 * A word that stays busy was left by a thread that a fork did not copy. */
uint64_t cells_settle(struct detector *detector, uint64_t *place)
{
	uint64_t word = load_acquire(place);
	uint64_t busy = word;

	for (uint32_t i = 0; i < SPIN_PAUSES + SLEEPS; i++) {
		if (shadow_form(word) != SHADOW_BUSY)
			return word;
		if (word != busy) {
			busy = word;
			i = 0;
		}
		spin_wait(i);
		word = load_acquire(place);
	}
	if (compare_exchange_acq_rel(place, &busy, 0))
		detector_count(detector, LOST_SHADOW);
	return 0;
}

/* Under cells_lock; 0: there are too many. */
static uint32_t take_from_table(bool is_wide)
{
	uint32_t index = table.free[is_wide];

	if (index)
		table.free[is_wide] = *next_free_of(is_wide, index);
	else if (table.last[is_wide] < CELLS_INDEX_MASK)
		index = ++table.last[is_wide];
	return index;
}

static void give_record(struct cells_cache *cache, bool is_wide, uint32_t index)
{
	*next_free_of(is_wide, index) = cache->free[is_wide];
	cache->free[is_wide] = index;
	cache->count[is_wide]++;
}

static uint32_t take_record(struct cells_cache *cache, bool is_wide)
{
	uint32_t index = cache->free[is_wide];

	if (index) {
		cache->free[is_wide] = *next_free_of(is_wide, index);
		cache->count[is_wide]--;
	}
	return index;
}

static uint32_t refill_cache(struct cells_cache *cache, bool is_wide)
{
	if (!spin_lock(&cells_lock))
		return 0;
	for (unsigned int i = 0; i < REFILL; i++) {
		uint32_t index = take_from_table(is_wide);

		if (index)
			give_record(cache, is_wide, index);
	}
	spin_unlock(&cells_lock);
	return take_record(cache, is_wide);
}

static void return_some(struct cells_cache *cache, bool is_wide)
{
	if (!spin_lock(&cells_lock))
		return;
	while (cache->count[is_wide] > CELLS_CACHED_MAX / 2) {
		uint32_t index = take_record(cache, is_wide);

		*next_free_of(is_wide, index) = table.free[is_wide];
		table.free[is_wide] = index;
	}
	spin_unlock(&cells_lock);
}

/* A word for a free record; 0: none, which is counted. */
static uint64_t new_word(struct detector *detector, struct thread *thread, bool is_wide)
{
	struct cells_cache *cache = &thread->memory->shadow->cells;
	uint32_t index = take_record(cache, is_wide);
	uint64_t word;

	if (UNLIKELY(!index))
		index = refill_cache(cache, is_wide);
	if (!index) {
		detector_count(detector, LOST_MEMORY);
		return 0;
	}
	word = (uint64_t)*serial_of(is_wide, index) << CELLS_SERIAL_SHIFT |
	       (uint64_t)index << SHADOW_EPOCH_SHIFT | (uint64_t)SHADOW_CELLS << SHADOW_FORM_SHIFT;
	return cells_next(is_wide ? word | CELLS_WIDE : word);
}

void cells_free_slowly(struct thread *thread, uint64_t word)
{
	struct cells_cache *cache = &thread->memory->shadow->cells;
	uint32_t index = (uint32_t)shadow_number(word) & CELLS_INDEX_MASK;
	bool is_wide = word & CELLS_WIDE;

	*serial_of(is_wide, index) = cells_serial(word);
	give_record(cache, is_wide, index);
	if (UNLIKELY(cache->count[is_wide] > CELLS_CACHED_MAX))
		return_some(cache, is_wide);
}

bool cells_read(const uint64_t *place, uint64_t word, struct cell_list *list)
{
	struct cells cells = cells_of(word);

	list->count = 0;
	for (uint32_t i = 0; i < cells.capacity; i++) {
		/* relaxed: the word is looked at again after them. */
		struct cell cell = {load_relaxed(&cells.words[i]), load_relaxed(&cells.origins[i])};

		if (cell.word)
			list->cells[list->count++] = cell;
	}
	fence_acquire();
	return load_relaxed(place) == word; /* relaxed: the fence orders it */
}

/* What a cell says of bytes that @word has not. */
static uint64_t rest_of(const uint64_t *cell, uint64_t word)
{
	/* relaxed: the word that names the record is taken, or will be. */
	uint64_t rest = load_relaxed(cell) & ~(uint64_t)shadow_bytes(word);

	return shadow_bytes(rest) ? rest : 0;
}

bool cells_add(struct detector *detector, uint64_t *place, uint64_t old, uint64_t word,
	       origin_id origin)
{
	struct cells cells = cells_of(old);
	uint64_t next = cells_next(old);
	uint64_t all = word; /* of its epoch */
	uint32_t same = CELLS_MAX;
	uint32_t unused = CELLS_MAX;
	uint64_t rest;

	for (uint32_t i = 0; i < cells.capacity; i++) {
		rest = rest_of(&cells.words[i], word);
		if (!rest) {
			unused = i;
		} else if (shadow_is_same_epoch(rest, word)) {
			all |= rest;
			if (load_relaxed(&cells.origins[i]) == origin)
				same = i;
		}
	}
	same = same < CELLS_MAX ? same : unused;
	if (same == CELLS_MAX || shadow_bytes(all) == SHADOW_ALL_BYTES ||
	    !cells_take(detector, place, old, next))
		return false;
	/* relaxed: the word is busy */
	for (uint32_t i = 0; i < cells.capacity; i++) {
		rest = rest_of(&cells.words[i], word);
		store_relaxed(&cells.words[i], i == same ? rest | word : rest);
	}
	store_relaxed(&cells.origins[same], origin);
	store_release(place, next); /* pairs with cells_load() */
	return true;
}

static void fill_cells(struct cells cells, const struct cell_list *list)
{
	for (uint32_t i = 0; i < cells.capacity; i++) {
		bool is_one = i < list->count;

		/* relaxed: a concurrent reader finds another word afterwards. */
		store_relaxed(&cells.words[i], is_one ? list->cells[i].word : 0);
		store_relaxed(&cells.origins[i], is_one ? list->cells[i].origin : 0);
	}
}

static uint8_t *mark_of(uintptr_t address)
{
	return (uint8_t *)SHADOW_CELL_MARKS + (address >> SHADOW_MARK_SHIFT);
}

bool cells_put(struct detector *detector, struct thread *thread, uint64_t *place, uint64_t old,
	       uintptr_t granule, const struct cell_list *list)
{
	/* What was wide is likely to become wide again. */
	bool is_wide = list->count > CELLS_FEW || (cells_are(old) && old & CELLS_WIDE);
	uint64_t expected = old;
	uint64_t word;

	if (cells_are(old) && is_wide == ((old & CELLS_WIDE) != 0)) {
		word = cells_next(old);
		if (!cells_take(detector, place, old, word))
			return false;
		fill_cells(cells_of(word), list);
		store_release(place, word); /* pairs with cells_load() */
		return true;
	}
	word = new_word(detector, thread, is_wide);
	if (word)
		fill_cells(cells_of(word), list);
	if (!*mark_of(granule))
		store_relaxed(mark_of(granule), 1); /* relaxed: the exchange orders it */
	if (!claim_exchange(detector, place, &expected,
			    word ? word : list->cells[list->count - 1].word)) {
		if (expected != old)
			cells_free(thread, word);
		return false;
	}
	cells_free(thread, old);
	return true;
}

static void each_word_of(struct cells cells, void (*each)(void *context, uint64_t word),
			 void *context)
{
	for (uint32_t i = 0; i < cells.capacity; i++)
		each(context, load_relaxed(&cells.words[i])); /* relaxed: they may be old */
}

void cells_each_word(void (*each)(void *context, uint64_t word), void *context)
{
	for (uint64_t i = 1; i <= load_relaxed(&table.last[0]); i++)
		each_word_of(cells_of(i << SHADOW_EPOCH_SHIFT), each, context);
	for (uint64_t i = 1; i <= load_relaxed(&table.last[1]); i++)
		each_word_of(cells_of(i << SHADOW_EPOCH_SHIFT | CELLS_WIDE), each, context);
}

static void clear_place(struct thread *thread, uint64_t *place)
{
	uint64_t word = load_relaxed(place); /* relaxed: nobody else may access it */

	if (cells_are(word) && compare_exchange_acq_rel(place, &word, 0))
		cells_free_slowly(thread, word);
}

static void clear_page(struct thread *thread, uintptr_t start, uintptr_t end)
{
	for (uintptr_t granule = start; granule < end; granule += SHADOW_GRANULE) {
		clear_place(thread, shadow_places(granule).write);
		clear_place(thread, shadow_places(granule).read);
	}
}

void cells_clear(struct thread *thread, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		uintptr_t page_end = ((start >> SHADOW_MARK_SHIFT) + 1) << SHADOW_MARK_SHIFT;
		uintptr_t here = page_end < end ? page_end : end;

		if (*mark_of(start)) {
			if (!(start & ((1ul << SHADOW_MARK_SHIFT) - 1)) && here == page_end)
				store_relaxed(mark_of(start), 0); /* relaxed: as clear_place() */
			clear_page(thread, start, here);
		}
		start = here;
	}
}
