#include "detect/cells.h"

#include "detect/detector.h"
#include "detect/slot.h"

#define SWEEP_FIRST 16384u
#define REFILL 16u
#define CACHED_MAX 64u

#define PLANE_MASK ((uintptr_t)SHADOW_GRANULE - 1)

static const uint32_t capacities[CELLS_CLASSES] = {2, CELLS_MAX};

void cells_table_init(struct cells_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->sweep_at = SWEEP_FIRST;
}

static inline unsigned int class_of(uint32_t count)
{
	return count > capacities[0];
}

static inline origin_id *whats_of(const struct cells *cells)
{
	return (origin_id *)(uintptr_t)(cells->words + cells->capacity);
}

static struct cells *record_of(const struct detector *detector, uint64_t word)
{
	return id_table_get(&detector->cells.by_number,
			    (uint32_t)shadow_number(word) & CELLS_INDEX_MASK);
}

/* --- What is free ---------------------------------------------------------- */

static void give(struct cells_cache *cache, struct cells *cells)
{
	unsigned int class = class_of(cells->capacity);

	cells->next_free = cache->free[class];
	cache->free[class] = cells;
	cache->count[class]++;
}

static struct cells *take(struct cells_cache *cache, unsigned int class)
{
	struct cells *cells = cache->free[class];

	if (cells) {
		cache->free[class] = cells->next_free;
		cache->count[class]--;
	}
	return cells;
}

/* Under table->busy. */
static struct cells *create(struct cells_table *table, unsigned int class)
{
	uint32_t capacity = capacities[class];
	uint32_t index = table->by_number.last + 1;
	struct cells *cells;

	if (index > CELLS_INDEX_MASK)
		return NULL;
	cells = arena_alloc(&table->arena,
			    sizeof(*cells) + capacity * (sizeof(uint64_t) + sizeof(origin_id)));
	if (!cells)
		return NULL;
	cells->capacity = capacity;
	cells->word = (uint64_t)index << SHADOW_EPOCH_SHIFT | (uint64_t)SHADOW_CELLS
								      << SHADOW_FORM_SHIFT;
	return id_table_set(&table->by_number, &table->arena, index, cells) ? cells : NULL;
}

static void return_some(struct cells_table *table, struct cells_cache *cache, unsigned int class)
{
	if (!spin_lock(&table->busy))
		return;
	while (cache->count[class] > CACHED_MAX / 2) {
		struct cells *cells = take(cache, class);

		cells->next_free = table->free[class];
		table->free[class] = cells;
		table->used_count--;
	}
	spin_unlock(&table->busy);
}

static void refill(struct cells_table *table, struct cells_cache *cache, unsigned int class)
{
	if (!spin_lock(&table->busy))
		return;
	for (unsigned int i = 0; i < REFILL; i++) {
		struct cells *cells = table->free[class];

		if (cells)
			table->free[class] = cells->next_free;
		else
			cells = create(table, class);
		if (!cells)
			break;
		table->used_count++;
		give(cache, cells);
	}
	spin_unlock(&table->busy);
}

/* --- Collecting what no word names ----------------------------------------- */

/* The word in the place that @holder tells, or that was displaced from there. */
static uint64_t word_at(const struct detector *detector, uintptr_t holder)
{
	struct shadow shadow = shadow_of(holder & ~PLANE_MASK);
	bool is_read = (holder & PLANE_MASK) == CELLS_READS;
	uint64_t word = load_acquire(is_read ? shadow.read : shadow.write);
	const struct atomic_location *location;

	if (shadow_form(word) != SHADOW_ATOMIC)
		return word;
	location = id_table_get(&detector->atomics.by_number, (uint32_t)shadow_number(word));
	if (!location)
		return 0;
	return load_acquire(is_read ? &location->read : &location->write);
}

static bool is_being_made(const struct detector *detector, uint64_t word)
{
	for (uint32_t slot = 0; slot < detector->next_slot; slot++) {
		const struct thread *thread = slot_thread(detector, slot);

		/* acquire: pairs with cells_published(). */
		if (thread && load_acquire(&thread->making) == word)
			return true;
	}
	return false;
}

/*
 * A record with a name was announced in thread.making before.  So if it is not
 * announced now, its word has been put in place, and who looks there after that
 * sees whether it is named.
 */
static bool is_lost(const struct detector *detector, const struct cells *cells, uint64_t word)
{
	uintptr_t holder = load_relaxed(&cells->holder); /* relaxed: see claim() */

	return word_at(detector, holder) != word && !is_being_made(detector, word) &&
	       word_at(detector, holder) != word;
}

/* True for one of those who want to free what @word names. */
static bool claim(struct cells *cells, uint64_t word)
{
	return compare_exchange_acq_rel(&cells->named, &word, 0);
}

/* With detector.lock held, so threads stay what they are. */
static void sweep(struct detector *detector)
{
	struct cells_table *table = &detector->cells;

	for (uint32_t index = 1; index <= table->by_number.last; index++) {
		struct cells *cells = id_table_get(&table->by_number, index);
		/* acquire: pairs with cells_make(). */
		uint64_t word = cells ? load_acquire(&cells->named) : 0;

		if (!word || !is_lost(detector, cells, word) || !claim(cells, word))
			continue;
		if (!spin_lock(&table->busy))
			break;
		cells->next_free = table->free[class_of(cells->capacity)];
		table->free[class_of(cells->capacity)] = cells;
		table->used_count--;
		spin_unlock(&table->busy);
	}
	table->sweep_at = 2 * table->used_count + SWEEP_FIRST;
}

/* --- Making and dropping --------------------------------------------------- */

static struct cells *take_record(struct detector *detector, struct thread *thread,
				 unsigned int class)
{
	struct cells_cache *cache = &thread->memory->cells;

	if (LIKELY(cache->free[class]))
		return take(cache, class);
	/* relaxed: a hint. */
	if (load_relaxed(&detector->cells.used_count) >= load_relaxed(&detector->cells.sweep_at)) {
		runtime_lock(&detector->lock);
		if (detector->cells.used_count >= detector->cells.sweep_at)
			sweep(detector);
		runtime_unlock(&detector->lock);
	}
	refill(&detector->cells, cache, class);
	return take(cache, class);
}

uint64_t cells_make(struct detector *detector, struct thread *thread, uintptr_t holder,
		    const struct cell_list *list)
{
	struct cells *cells = take_record(detector, thread, class_of(list->count));
	uint64_t word;

	if (!cells) {
		detector_count(detector, LOST_MEMORY);
		return 0;
	}
	word = cells->word + (1ull << (SHADOW_EPOCH_SHIFT + CELLS_INDEX_BITS));
	store_relaxed(&thread->making, word);
	/* The new word comes first, for who still reads what was here; releases:
	 * pair with cells_read(). */
	store_release(&cells->word, word);
	store_release(&cells->count, list->count);
	for (uint32_t i = 0; i < list->count; i++) {
		store_release(&cells->words[i], list->cells[i].word);
		store_release(&whats_of(cells)[i], list->cells[i].what);
	}
	store_relaxed(&cells->holder, holder);
	/* release: pairs with sweep(), and follows 'making'. */
	store_release(&cells->named, word);
	return word;
}

void cells_published(struct thread *thread)
{
	store_release(&thread->making, 0); /* pairs with is_being_made() */
}

void cells_drop(struct detector *detector, struct thread *thread, uint64_t word)
{
	struct cells_cache *cache = &thread->memory->cells;
	struct cells *cells = record_of(detector, word);
	unsigned int class;

	if (!cells || !claim(cells, word))
		return;
	class = class_of(cells->capacity);
	give(cache, cells);
	if (UNLIKELY(cache->count[class] > CACHED_MAX))
		return_some(&detector->cells, cache, class);
}

bool cells_read(const struct detector *detector, uint64_t word, struct cell_list *list)
{
	const struct cells *cells = record_of(detector, word);
	uint32_t count = cells ? load_acquire(&cells->count) : 0;

	list->count = count;
	for (uint32_t i = 0; i < count && i < cells->capacity; i++) {
		list->cells[i].word = load_acquire(&cells->words[i]);
		list->cells[i].what = load_acquire(&whats_of(cells)[i]);
	}
	/* acquire loads above: what was read is older than this look. */
	return cells && count && load_acquire(&cells->word) == word;
}

void cells_each_word(const struct detector *detector, void (*each)(void *context, uint64_t word),
		     void *context)
{
	for (uint32_t index = 1; index <= detector->cells.by_number.last; index++) {
		const struct cells *cells = id_table_get(&detector->cells.by_number, index);
		uint32_t count = cells ? load_acquire(&cells->count) : 0;

		for (uint32_t i = 0; i < count && i < cells->capacity; i++)
			each(context, load_acquire(&cells->words[i]));
	}
}

void cells_forked(struct detector *detector)
{
	detector->cells.busy.is_taken = 0;
}
