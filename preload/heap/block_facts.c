#include "preload/heap/block_facts.h"

#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"

/* It overlaps neither the program's regions nor their shadow planes. */
#define LIES_APART(start, end) ((end) <= BLOCK_PLANE_START || (start) >= BLOCK_PLANE_END)
#define PLANE_LIES_APART(bits)                                                                     \
	_Static_assert(LIES_APART(0 ^ (bits), (SHADOW_LOW_END - 1) ^ (bits)), "low");              \
	_Static_assert(LIES_APART(SHADOW_MIDDLE_START ^ (bits), (SHADOW_MIDDLE_END - 1) ^ (bits)), \
		       "middle");                                                                  \
	_Static_assert(LIES_APART(SHADOW_HIGH_START ^ (bits), (SHADOW_HIGH_END - 1) ^ (bits)),     \
		       "high")

PLANE_LIES_APART(0ull);
/* Displacements are less than a page of what lies between. */
PLANE_LIES_APART(1ull << SHADOW_WRITE_BIT);
PLANE_LIES_APART(1ull << SHADOW_READ_BIT);
PLANE_LIES_APART(1ull << SHADOW_WRITE_BIT | 1ull << SHADOW_READ_BIT);

/* Within it, the regions follow each other. */
_Static_assert(BLOCK_LOW_START + SHADOW_LOW_END / 4 <= BLOCK_MIDDLE_START, "low");
_Static_assert(BLOCK_MIDDLE_START + (SHADOW_MIDDLE_END - SHADOW_MIDDLE_START) / 4 <=
		       BLOCK_HIGH_START,
	       "middle");
_Static_assert(BLOCK_HIGH_START + (SHADOW_HIGH_END - SHADOW_HIGH_START) / 4 <= BLOCK_PLANE_END,
	       "high");
_Static_assert((SHADOW_LOW_END - 1) >> BLOCK_REGION_SHIFT == 0, "low");
_Static_assert((SHADOW_MIDDLE_END - 1) >> BLOCK_REGION_SHIFT ==
		       SHADOW_MIDDLE_START >> BLOCK_REGION_SHIFT,
	       "middle");
_Static_assert((SHADOW_HIGH_END - 1) >> BLOCK_REGION_SHIFT ==
		       SHADOW_HIGH_START >> BLOCK_REGION_SHIFT,
	       "high");

uint8_t block_chunks[BLOCK_CHUNK_COUNT];
size_t block_lone_bytes = BLOCK_GRANULE;
static uintptr_t first_said = BLOCK_CHUNK_COUNT, end_said; /* between these chunks some are */
static bool are_any_mapped;
static bool are_all_mapped; /* chunks that are not said to be refused */

/* Maps @size_bytes of words from @words on. */
static bool map_words(uint32_t *words, size_t size_bytes)
{
	long result = kernel_call6(
		SYS_mmap, (long)words, (long)size_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (result == (long)words) {
		kernel_call3(SYS_madvise, words, size_bytes, MADV_NOHUGEPAGE);
		kernel_call3(SYS_madvise, words, size_bytes, MADV_DONTDUMP);
		store_relaxed(&are_any_mapped, true); /* relaxed: who misses it finds no block */
		return true;
	}
	/* Kernels before 4.17 take the address as a hint. */
	if (result > 0)
		kernel_call2(SYS_munmap, result, size_bytes);
	return false;
}

#define CHUNK_WORD_BYTES (BLOCK_CHUNK_BYTES / BLOCK_GRANULE * sizeof(uint32_t))

struct runtime_lock block_chunks_lock LOCKED_AROUND_FORKS;

static enum block_chunk map_chunk(uintptr_t address)
{
	uint32_t *words = block_word(address & ~(BLOCK_CHUNK_BYTES - 1));

	return are_all_mapped || map_words(words, CHUNK_WORD_BYTES) ? BLOCK_CHUNK_MAPPED
								    : BLOCK_CHUNK_REFUSED;
}

static void note_said(uintptr_t chunk)
{
	if (chunk < first_said)
		first_said = chunk;
	if (chunk >= end_said)
		end_said = chunk + 1;
}

bool block_map_chunk(uintptr_t address)
{
	uint8_t *chunk = &block_chunks[address / BLOCK_CHUNK_BYTES];

	/* relaxed: what was refused stays so. */
	if (!shadow_covers(address) || load_relaxed(chunk) == BLOCK_CHUNK_REFUSED)
		return false;
	runtime_lock(&block_chunks_lock);
	note_said(address / BLOCK_CHUNK_BYTES);
	/* release: pairs with block_is_mapped(). */
	if (*chunk == BLOCK_CHUNK_UNMAPPED)
		store_release(chunk, (uint8_t)map_chunk(address));
	runtime_unlock(&block_chunks_lock);
	return load_relaxed(chunk) == BLOCK_CHUNK_MAPPED;
}

/* The first chunk from @chunk up to @last of which something is said, or @last.  To look at all
 * would bring the pages that say nothing. */
static uintptr_t skip_unsaid(uintptr_t chunk, uintptr_t last)
{
	while (chunk < last && load_relaxed(&block_chunks[chunk]) == BLOCK_CHUNK_UNMAPPED) {
		chunk++;
		if (chunk < first_said)
			chunk = first_said < last ? first_said : last;
		else if (chunk >= end_said)
			chunk = last;
	}
	return chunk;
}

static void map_region(uintptr_t start, uintptr_t end)
{
	uintptr_t chunk = start / BLOCK_CHUNK_BYTES;
	uintptr_t last = end / BLOCK_CHUNK_BYTES;

	while (chunk < last) {
		uintptr_t first = chunk;

		chunk = skip_unsaid(chunk, last);
		if (chunk > first && !map_words(block_word(first * BLOCK_CHUNK_BYTES),
						(chunk - first) * CHUNK_WORD_BYTES))
			memset(&block_chunks[first], BLOCK_CHUNK_REFUSED, chunk - first);
		chunk++;
	}
}

void block_map_all(void)
{
	map_region(0, SHADOW_LOW_END);
	map_region(SHADOW_MIDDLE_START, SHADOW_MIDDLE_END);
	map_region(SHADOW_HIGH_START, SHADOW_HIGH_END);
	are_all_mapped = true; /* there is one thread */
}

#define PAGE_BYTES 4096u
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint32_t))
#define LOOK_PAGES 1024u     /* pages of the plane in one step */
#define LOOK_TIMES 256u	     /* steps: 4 GiB of the program's memory */
#define LOOK_WORDS 0x400000u /* words read; pages never touched are skipped */

struct search {
	uintptr_t address;
	struct memory_block *block;
	bool has_found; /* *block held the address */
	bool is_over;	/* a living block was met: no earlier block reaches further */
	uint32_t words_left;
};

/* The address of the granule that @word belongs to. */
static uintptr_t address_of(const uint32_t *word)
{
	uintptr_t at = (uintptr_t)word;

	if (at >= BLOCK_HIGH_START)
		return (at - BLOCK_HIGH_START) * 4 + SHADOW_HIGH_START;
	if (at >= BLOCK_MIDDLE_START)
		return (at - BLOCK_MIDDLE_START) * 4 + SHADOW_MIDDLE_START;
	return (at - BLOCK_LOW_START) * 4;
}

/* Word number @i of the block at @word; 0 if it was overwritten by another block. */
static uint32_t read_later_word(const uint32_t *word, uint32_t i)
{
	uint32_t fact;

	if (!block_is_mapped(address_of(word + i)))
		return 0;
	fact = load_relaxed(&word[i]);
	return fact & BLOCK_MORE ? fact : 0;
}

/* Sets size and thread of the block at @word. */
static void read_size(const uint32_t *word, struct memory_block *block)
{
	uint32_t second = read_later_word(word, 1);
	uint32_t low, high;

	block->thread = second & BLOCK_THREAD_MASK;
	block->size_bytes = second >> BLOCK_SIZE_SHIFT & (BLOCK_SMALL - 1);
	if (!second)
		block->size_bytes = BLOCK_GRANULE - (block->start & (BLOCK_GRANULE / 2));
	if (block->size_bytes)
		return;
	low = read_later_word(word, 2);
	high = read_later_word(word, 3);
	if (low && high)
		block->size_bytes = (size_t)(high & BLOCK_PART_MASK) << BLOCK_PART_BITS |
				    (low & BLOCK_PART_MASK);
}

/* Does the block with the first word @fact, at @word, hold the address? */
static void check_block(struct search *search, const uint32_t *word, uint32_t fact)
{
	struct memory_block block = {
		.start = address_of(word) + (fact & BLOCK_UPPER_HALF ? BLOCK_GRANULE / 2 : 0),
		.stack = fact & BLOCK_STACK_MASK,
		.is_freed = fact & BLOCK_FREED,
	};

	if (block.start > search->address)
		return;
	read_size(word, &block);
	/* Living blocks do not overlap: no earlier one reaches beyond this one. */
	search->is_over = !block.is_freed;
	if (search->address - block.start >= (block.size_bytes ? block.size_bytes : 1))
		return;
	if (block.is_freed && search->has_found)
		return; /* keep the nearest freed block, which mostly is the latest */
	search->has_found = true;
	*search->block = block;
}

/* Searches [first, last] backwards. */
static void search_words(struct search *search, const uint32_t *first, const uint32_t *last)
{
	for (const uint32_t *word = last; !search->is_over; word--) {
		uint32_t fact = load_relaxed(word);

		if (fact && !(fact & BLOCK_MORE))
			check_block(search, word, fact);
		if (word == first)
			break;
		if (search->words_left-- == 0)
			search->is_over = true;
	}
}

/* Searches the pages from @first to that of @last, backwards; skips pages that
 * were never touched. */
static void search_pages(struct search *search, uintptr_t first, const uint32_t *last)
{
	unsigned char resident[LOOK_PAGES];
	uintptr_t page = (uintptr_t)last & ~(uintptr_t)(PAGE_BYTES - 1);
	uint32_t count = (uint32_t)((page - first) / PAGE_BYTES + 1);

	if (kernel_call3(SYS_mincore, first, count * PAGE_BYTES, resident) != 0)
		return;
	for (uint32_t i = count; i-- > 0 && !search->is_over;) {
		const uint32_t *words = (const uint32_t *)(first + i * PAGE_BYTES);

		if (resident[i] & 1)
			search_words(search, words, i == count - 1 ? last : words + PAGE_WORDS - 1);
	}
}

/* The usual address is that of a living block, and its page was touched. */
static void search_here(struct search *search, const uint32_t *word)
{
	uint32_t fact = block_is_mapped(search->address) ? load_relaxed(word) : 0;

	if (fact && !(fact & (BLOCK_MORE | BLOCK_FREED)))
		check_block(search, word, fact);
}

bool block_find(uintptr_t address, struct memory_block *block)
{
	struct search search = {.address = address, .block = block, .words_left = LOOK_WORDS};
	const uintptr_t look_bytes = LOOK_PAGES * PAGE_BYTES;
	const uint32_t *last;

	if (!shadow_covers(address) || !load_relaxed(&are_any_mapped))
		return false;
	last = block_word(address);
	search_here(&search, last);
	for (uint32_t i = 0; i < LOOK_TIMES && !search.is_over; i++) {
		uintptr_t first = (uintptr_t)last / look_bytes * look_bytes;

		if (first < BLOCK_PLANE_START)
			break;
		if (block_is_mapped(address_of(last)))
			search_pages(&search, first, last);
		last = (const uint32_t *)first - 1;
	}
	return search.has_found;
}
