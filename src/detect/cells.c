#include "detect/cells.h"

#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/detector.h"

#define BLOCKS_AT_ONCE 64u

static struct {
	struct spin_lock busy; /* protects what follows */
	struct arena arena;
	struct id_table blocks; /* all that there are */
	char *next_block;
	uint32_t blocks_left;
} table;

void cells_init(page_source pages)
{
	if (!table.arena.pages)
		arena_init(&table.arena, pages);
}

/* --- Words ------------------------------------------------------------------ */

#define COUNT_BITS 39u /* of a thread's numbers; the slot above makes them different */

uint64_t cells_new_word(struct thread *thread)
{
	uint64_t count = ++thread->memory->cell_count & ((1ull << COUNT_BITS) - 1);

	return ((uint64_t)thread->slot << COUNT_BITS | count) << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_CELLS << SHADOW_FORM_SHIFT;
}

#define SPINS 200u
#define YIELDS 5000u

/*
 * Who changes cells is between two instructions, but may have lost its processor.
 * What stays busy was left so: by a thread that did not come over a fork.
 */
uint64_t cells_settle(struct detector *detector, uint64_t *place)
{
	uint64_t word = load_acquire(place);
	uint64_t busy = word;

	for (uint32_t i = 0; i < SPINS + YIELDS; i++) {
		if (shadow_form(word) != SHADOW_BUSY)
			return word;
		if (word != busy) {
			busy = word;
			i = 0;
		}
		if (i < SPINS)
			__builtin_ia32_pause();
		else
			kernel_call0(SYS_sched_yield);
		word = load_acquire(place);
	}
	if (compare_exchange_acq_rel(place, &busy, 0))
		detector_count(detector, LOST_SHADOW);
	return 0;
}

/* --- Blocks ----------------------------------------------------------------- */

/* Under table.busy. */
static struct cells_block *make_block(void)
{
	uint32_t number = table.blocks.last + 1;
	struct cells_block *block;

	if (!table.blocks_left) {
		size_t size_bytes = BLOCKS_AT_ONCE * sizeof(struct cells_block);
		char *blocks = table.arena.pages(size_bytes);

		if (!blocks)
			return NULL;
		/* Few pages of them will be touched. */
		kernel_call3(SYS_madvise, blocks, size_bytes, MADV_NOHUGEPAGE);
		table.next_block = blocks;
		table.blocks_left = BLOCKS_AT_ONCE;
	}
	block = (struct cells_block *)(void *)table.next_block;
	if (!id_table_set(&table.blocks, &table.arena, number, block))
		return NULL;
	table.next_block += sizeof(*block);
	table.blocks_left--;
	return block;
}

bool cells_reserve_slowly(struct detector *detector, uintptr_t address, bool is_far)
{
	struct cells_block **entry = cells_entry(address, is_far);
	struct cells_block *block;

	if (!spin_lock(&table.busy)) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	block = *entry ? *entry : make_block();
	/* release: pairs with cells_near(). */
	store_release(entry, block);
	spin_unlock(&table.busy);
	if (!block)
		detector_count(detector, LOST_MEMORY);
	return block;
}

/* --- Reading and putting ---------------------------------------------------- */

static void read_half(struct cells cells, struct cell_list *list)
{
	for (uint32_t i = 0; i < CELLS_NEAR; i++) {
		/* relaxed: the word is looked at again after them. */
		struct cell cell = {load_relaxed(&cells.words[i]), load_relaxed(&cells.whats[i])};

		if (cell.word)
			list->cells[list->count++] = cell;
	}
}

bool cells_read(const uint64_t *place, uint64_t word, uintptr_t granule, bool is_write,
		struct cell_list *list)
{
	list->count = 0;
	read_half(cells_near(granule, is_write), list);
	if (UNLIKELY(word & CELLS_FAR))
		read_half(cells_far(granule, is_write), list);
	fence_acquire();
	return load_relaxed(place) == word; /* relaxed: the fence orders it */
}

static void write_half(struct cells cells, const struct cell_list *list, uint32_t first)
{
	for (uint32_t i = 0; i < CELLS_NEAR; i++) {
		bool is_one = first + i < list->count;

		/* relaxed: who reads them meanwhile finds the word busy. */
		store_relaxed(&cells.words[i], is_one ? list->cells[first + i].word : 0);
		store_relaxed(&cells.whats[i], is_one ? list->cells[first + i].what : 0);
	}
}

bool cells_put(struct detector *detector, struct thread *thread, uint64_t *place, uint64_t old,
	       uintptr_t granule, bool is_write, const struct cell_list *list)
{
	bool has_far = list->count > CELLS_NEAR;
	uint64_t word = cells_new_word(thread) | (has_far ? CELLS_FAR : 0);

	if (!cells_reserve(detector, granule, false) ||
	    (has_far && !cells_reserve(detector, granule, true)))
		return compare_exchange_acq_rel(place, &old, list->cells[list->count - 1].word);
	if (!cells_take(place, old, word))
		return false;
	write_half(cells_near(granule, is_write), list, 0);
	if (has_far)
		write_half(cells_far(granule, is_write), list, CELLS_NEAR);
	store_release(place, word); /* pairs with cells_load() */
	return true;
}

void cells_each_read(void (*each)(void *context, uint64_t word), void *context)
{
	for (uint32_t number = 1; number <= table.blocks.last; number++) {
		const struct cells_block *block = id_table_get(&table.blocks, number);

		for (uint32_t granule = 0; block && granule < CELLS_GRANULES; granule++)
			for (uint32_t i = 0; i < CELLS_NEAR; i++)
				each(context, load_relaxed(&block->words[granule][false][i]));
	}
}

/* --- The end of memory ------------------------------------------------------ */

static void forget_block(uintptr_t address, bool is_far)
{
	struct cells_block *block = load_acquire(cells_entry(address, is_far));

	if (block)
		kernel_call3(SYS_madvise, block, sizeof(*block), MADV_DONTNEED);
}

void cells_forget(uintptr_t start, uintptr_t end)
{
	uintptr_t page = 1ul << CELLS_PAGE_SHIFT;

	start = (start + page - 1) & -page;
	for (; start + page <= end; start += page) {
		forget_block(start, false);
		forget_block(start, true);
	}
}

void cells_forked(void)
{
	table.busy.is_taken = 0;
}
