#include "base/arena.h"

#include <sys/mman.h>

#include "base/atomic.h"
#include "base/kernel.h"

#define PAGE_BYTES 4096u
#define CHUNK_BYTES (256u * 1024u)
#define LARGE_CHUNK_BYTES (2u * 1024u * 1024u) /* for arenas that have grown */
#define HUGE_CHUNK_BYTES (4u * 1024u * 1024u)  /* of huge pages, where that is a part only */
#define SMALLEST_BYTES 16u

/* Size classes: 16 bytes and then two per power of two (24 is rounded to 32,
 * so that all stay multiples of 16): 16 32 48 64 96 128 192 256 ... */
static size_t class_bytes(unsigned index)
{
	unsigned power = index / 2;

	if (index == 0)
		return SMALLEST_BYTES;
	return index % 2 ? (size_t)SMALLEST_BYTES << (power + 1)
			 : ((size_t)SMALLEST_BYTES << power) +
				   ((size_t)SMALLEST_BYTES << (power - 1));
}

static unsigned class_of(size_t size_bytes)
{
	unsigned index = 0;

	if (size_bytes > 64)
		index = 2 * (unsigned)(60 - __builtin_clzl(size_bytes - 1)) - 2;
	while (class_bytes(index) < size_bytes || class_bytes(index) % 16)
		index++;
	return index;
}

void arena_init(struct arena *arena, page_source pages)
{
	*arena = (struct arena){.pages = pages};
}

static size_t least_chunk(const struct arena *arena)
{
	if (arena->taken_bytes < 2 * CHUNK_BYTES)
		return CHUNK_BYTES;
	return arena->taken_bytes < 2 * HUGE_CHUNK_BYTES ? LARGE_CHUNK_BYTES : HUGE_CHUNK_BYTES;
}

static bool take_pages(struct arena *arena, size_t size_bytes)
{
	size_t least = least_chunk(arena);
	size_t chunk =
		size_bytes > least ? (size_bytes + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES : least;
	char *pages = arena->pages(chunk);

	if (!pages)
		return false;
	arena->next = pages;
	arena->left_bytes = chunk;
	arena->taken_bytes += chunk;
	return true;
}

static void clear_block(void *block, size_t size_bytes)
{
	uint64_t *word = block;

	for (size_t i = 0; i < size_bytes / sizeof(*word); i++)
		word[i] = 0;
}

void arena_free(struct arena *arena, void *block, size_t size_bytes)
{
	unsigned index = class_of(size_bytes ? size_bytes : 1);

	if (!block)
		return;
	*(void **)block = arena->free_lists[index];
	arena->free_lists[index] = block;
}

void arena_return(struct arena *arena, void *block, size_t size_bytes)
{
	struct returned_block *returned = block;

	returned->size_bytes = size_bytes;
	returned->next = load_relaxed(&arena->returned); /* relaxed: the exchange decides */
	/* release: pairs with take_returned(). */
	while (!compare_exchange_acq_rel(&arena->returned, &returned->next, returned))
		;
}

/* All at once, so that a block that comes back meanwhile does no harm. */
static void take_returned(struct arena *arena)
{
	struct returned_block *block = exchange_acq_rel(&arena->returned, NULL);

	while (block) {
		struct returned_block *next = block->next;

		arena_free(arena, block, block->size_bytes);
		block = next;
	}
}

/* A freed block of the class; NULL if there is none. */
static void *take_freed(struct arena *arena, unsigned index)
{
	void *block;

	/* relaxed: what comes later is for the next time. */
	if (!arena->free_lists[index] && load_relaxed(&arena->returned))
		take_returned(arena);
	block = arena->free_lists[index];
	if (block)
		arena->free_lists[index] = *(void **)block;
	return block;
}

static void *take_new(struct arena *arena, size_t rounded)
{
	void *block;

	if (arena->left_bytes < rounded && !take_pages(arena, rounded))
		return NULL;
	block = arena->next;
	arena->next += rounded;
	arena->left_bytes -= rounded;
	return block;
}

/* *@is_used: what is in it may be anything; else zeros. */
static void *take_block(struct arena *arena, unsigned index, bool *is_used)
{
	void *block;

	*is_used = false;
	if (index >= ARENA_CLASS_COUNT)
		return NULL;
	block = take_freed(arena, index);
	*is_used = block != NULL;
	return block ? block : take_new(arena, class_bytes(index));
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	unsigned index = class_of(size_bytes ? size_bytes : 1);
	bool is_used;
	void *block = take_block(arena, index, &is_used);

	if (is_used)
		clear_block(block, class_bytes(index));
	return block;
}

void *arena_alloc_unclear(struct arena *arena, size_t size_bytes)
{
	bool is_used;

	return take_block(arena, class_of(size_bytes ? size_bytes : 1), &is_used);
}

void *arena_grow(struct arena *arena, void *block, size_t old_bytes, size_t new_bytes)
{
	uint64_t *from = block;
	uint64_t *to;

	if (block && class_of(old_bytes ? old_bytes : 1) == class_of(new_bytes))
		return block;
	to = arena_alloc(arena, new_bytes);
	if (!to || !block)
		return to;
	for (size_t i = 0; i < (old_bytes + 7) / 8; i++)
		to[i] = from[i];
	arena_free(arena, block, old_bytes);
	return to;
}

/* Pages for when the kernel gives none any more. */
static struct {
	char *start;
	size_t size_bytes, used_bytes;
} aside;

static void *take_from_aside(size_t size_bytes)
{
	size_t rounded = (size_bytes + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
	size_t used = load_relaxed(&aside.used_bytes); /* relaxed: the exchange decides */

	while (size_bytes <= aside.size_bytes && used <= aside.size_bytes - rounded)
		if (compare_exchange_acq_rel(&aside.used_bytes, &used, used + rounded))
			return aside.start + used;
	return NULL;
}

static void *map_pages(size_t size_bytes)
{
	long result = kernel_call6(SYS_mmap, 0, (long)size_bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return result < 0 && result > -4096 ? NULL : (void *)result;
}

void pages_set_aside(size_t size_bytes)
{
	if (aside.start)
		return;
	aside.start = map_pages(size_bytes);
	aside.size_bytes = aside.start ? size_bytes : 0;
}

void *pages_from_kernel(size_t size_bytes)
{
	void *pages = map_pages(size_bytes);

	if (!pages)
		return take_from_aside(size_bytes);
	if (size_bytes == HUGE_CHUNK_BYTES)
		kernel_call3(SYS_madvise, pages, size_bytes, MADV_HUGEPAGE);
	return pages;
}
