/*
 * Block facts: where each heap block was allocated.  They are in a plane of
 * 32-bit words at a computed address, with one word for every 16 bytes of
 * memory.
 *
 *   a block's first word:  starts in the upper half 1 | 0 | freed 1 | stack 29
 *   its second:            0 | 1 | size 6, if below 64 | thread 24
 *   third and fourth:      0 | 1 | size 30, the lower and the upper bits
 *
 * A block has as many of these words as it has granules of 16 bytes; at least
 * two if the allocator keeps blocks 32 bytes apart.  Where another block has
 * overwritten a word, that fact is not known.  It is never wrong: a block is
 * reported only if it is known to hold the address.
 *
 * Words are read and written without locks: a look-up during an allocation or a
 * free finds the state before or after it.
 */
#ifndef PRELOAD_HEAP_BLOCK_FACTS_H
#define PRELOAD_HEAP_BLOCK_FACTS_H

#include "base/atomic.h"
#include "base/runtime_lock.h"
#include "detect/base/memory_block.h"
#include "detect/shadow/shadow.h"

#define BLOCK_GRANULE 16u
#define BLOCK_SMALL 64u

#define BLOCK_UPPER_HALF 0x80000000u
#define BLOCK_MORE 0x40000000u /* a second or later word */
#define BLOCK_FREED 0x20000000u
#define BLOCK_STACK_MASK 0x1fffffffu
#define BLOCK_SIZE_SHIFT 24
#define BLOCK_THREAD_MASK 0xffffffu
#define BLOCK_PART_BITS 30 /* of the size, in the third and the fourth word each */
#define BLOCK_PART_MASK 0x3fffffffu

/* The plane is mapped when needed, in chunks: programs may limit their address
 * space (RLIMIT_AS). */
#define BLOCK_CHUNK_SHIFT 26
#define BLOCK_CHUNK_BYTES (1ull << BLOCK_CHUNK_SHIFT)
#define BLOCK_CHUNK_COUNT (SHADOW_HIGH_END >> BLOCK_CHUNK_SHIFT)

enum block_chunk {
	BLOCK_CHUNK_UNMAPPED,
	BLOCK_CHUNK_MAPPED,
	BLOCK_CHUNK_REFUSED
};

extern uint8_t block_chunks[BLOCK_CHUNK_COUNT];

/* Held while a chunk is mapped.  Nests inside all others. */
extern struct runtime_lock block_chunks_lock;

#define BLOCK_PLANE_START 0x100000000000ull
#define BLOCK_PLANE_END 0x150000000000ull
#define BLOCK_LOW_START BLOCK_PLANE_START
#define BLOCK_MIDDLE_START 0x140000000000ull
#define BLOCK_HIGH_START 0x148000000000ull

#define BLOCK_REGION_SHIFT 45 /* of addresses, to their region */

/* Added to a quarter of an address this is the place of its word, by region. */
static const uintptr_t block_shifts[] = {
	[(SHADOW_LOW_END - 1) >> BLOCK_REGION_SHIFT] = BLOCK_LOW_START,
	[SHADOW_MIDDLE_START >> BLOCK_REGION_SHIFT] = BLOCK_MIDDLE_START - SHADOW_MIDDLE_START / 4,
	[SHADOW_HIGH_START >> BLOCK_REGION_SHIFT] = BLOCK_HIGH_START - SHADOW_HIGH_START / 4,
};

/* The word of @address, for which shadow_covers() holds. */
static inline uint32_t *block_word(uintptr_t address)
{
	return (uint32_t *)(address / BLOCK_GRANULE * sizeof(uint32_t) +
			    block_shifts[address >> BLOCK_REGION_SHIFT]);
}

/* Maps the words of the chunk that @address is in.  False if that fails. */
bool block_map_chunk(uintptr_t address);

/* Maps all chunks that are not mapped yet, so that the whole plane can be read.
 * Called when shadow memory is mapped, which is larger anyway. */
void block_map_all(void);

/* Has @address a word?  Only addresses that shadow_covers() have one. */
static inline bool block_is_mapped(uintptr_t address)
{
	/* acquire: pairs with block_map_chunk(). */
	return LIKELY(address < SHADOW_HIGH_END) &&
	       LIKELY(load_acquire(&block_chunks[address >> BLOCK_CHUNK_SHIFT]) ==
		      BLOCK_CHUNK_MAPPED);
}

/* Can there be facts about a block at @start?  A block at the end of a chunk has none. */
static inline bool block_has_words(uintptr_t start)
{
	return LIKELY(start % BLOCK_CHUNK_BYTES <= BLOCK_CHUNK_BYTES - BLOCK_SMALL) &&
	       (block_is_mapped(start) || block_map_chunk(start));
}

/* Blocks up to this size have only one word, unless the allocator is known to
 * keep them further apart. */
extern size_t block_lone_bytes;

/* A block was allocated.  relaxed, here and below: see the head of this file. */
static inline void block_allocated(uintptr_t start, size_t size_bytes, stack_id stack,
				   thread_id thread)
{
	uintptr_t half = start & (BLOCK_GRANULE / 2);
	uint32_t *word;

	if (UNLIKELY(!block_has_words(start)))
		return;
	word = block_word(start);
	store_relaxed(&word[0], (stack & BLOCK_STACK_MASK) | (half ? BLOCK_UPPER_HALF : 0));
	if (size_bytes <= block_lone_bytes + half) {
		/* The word may be left from a longer block that was here. */
		if (load_relaxed(&word[1]) & BLOCK_MORE)
			store_relaxed(&word[1], 0u);
		return;
	}
	if (size_bytes < BLOCK_SMALL) {
		store_relaxed(&word[1], BLOCK_MORE | (uint32_t)size_bytes << BLOCK_SIZE_SHIFT |
						(thread & BLOCK_THREAD_MASK));
		return;
	}
	store_relaxed(&word[1], BLOCK_MORE | (thread & BLOCK_THREAD_MASK));
	store_relaxed(&word[2], BLOCK_MORE | (uint32_t)(size_bytes & BLOCK_PART_MASK));
	store_relaxed(&word[3],
		      BLOCK_MORE | (uint32_t)(size_bytes >> BLOCK_PART_BITS & BLOCK_PART_MASK));
}

/* The first word of the block at @start; NULL if the block is not known. */
static inline uint32_t *block_first_word(uintptr_t start)
{
	bool is_upper = start & (BLOCK_GRANULE / 2);
	uint32_t *word;
	uint32_t fact;

	if (!block_is_mapped(start))
		return NULL;
	word = block_word(start);
	fact = load_relaxed(word);
	return fact && !(fact & BLOCK_MORE) && is_upper == !!(fact & BLOCK_UPPER_HALF) ? word
											: NULL;
}

/* The block at @start is freed. */
static inline void block_freed(uintptr_t start)
{
	uint32_t *word = block_first_word(start);

	if (LIKELY(word))
		store_relaxed(word, load_relaxed(word) | BLOCK_FREED);
}

/* The free of the block at @start failed. */
static inline void block_kept(uintptr_t start)
{
	uint32_t *word = block_first_word(start);

	if (word)
		store_relaxed(word, load_relaxed(word) & ~BLOCK_FREED);
}

/* The block at @start was allocated by a thread that is not observed. */
static inline void block_unknown(uintptr_t start)
{
	uint32_t *word = block_first_word(start);

	if (word)
		store_relaxed(word, 0u);
}

/* The block that holds @address, or held it last.  False if none is known. */
bool block_find(uintptr_t address, struct memory_block *block);

#endif
