#include "detect/shadow/benign.h"

#include "base/atomic.h"
#include "base/hash.h"
#include "detect/base/memory_block.h"
#include "detect/shadow/shadow.h"

#define BUCKET_COUNT 1024u
#define RANGES_MAX 8192u
/* A larger range is in the list of all addresses. */
#define GRANULES_MAX 64u
#define GRANULE_BYTES 8u

struct benign_range {
	struct benign_range *next;
	uintptr_t start, end;
	struct memory_block block; /* that it is in; its start is 0: in none */
};

struct benign {
	struct benign_range *buckets[BUCKET_COUNT];
	struct benign_range *large;
	uint32_t count;
};

static struct benign_range **bucket_of(struct benign *benign, uintptr_t address)
{
	return &benign->buckets[hash_append(0, address / GRANULE_BYTES) % BUCKET_COUNT];
}

static bool is_known(const struct benign_range *range, uintptr_t start, uintptr_t end,
		     const struct memory_block *block)
{
	for (; range; range = range->next)
		if (range->start <= start && range->end >= end &&
		    memory_block_is_same(&range->block, block))
			return true;
	return false;
}

static void add_to(struct detector *detector, struct benign_range **list, uintptr_t start,
		   uintptr_t end, const struct memory_block *block)
{
	struct benign_range *range;

	if (is_known(*list, start, end, block) || detector->benign->count >= RANGES_MAX)
		return;
	range = arena_alloc(&detector->arena, sizeof(*range));
	if (!range)
		return;
	*range = (struct benign_range){*list, start, end, *block};
	detector->benign->count++;
	/* release: pairs with benign_has(). */
	store_release(list, range);
}

void benign_add(struct detector *detector, uintptr_t address, size_t size_bytes)
{
	uintptr_t end = address + size_bytes;
	struct memory_block block;

	runtime_lock(&detector->lock);
	block = memory_block_find(detector, address);
	if (!detector->benign)
		/* release: pairs with benign_has(). */
		store_release(&detector->benign, (struct benign *)arena_alloc(
							 &detector->arena, sizeof(struct benign)));
	if (!detector->benign || end < address)
		;
	else if (size_bytes > (size_t)GRANULES_MAX * GRANULE_BYTES)
		add_to(detector, &detector->benign->large, address, end, &block);
	else
		for (uintptr_t at = address & ~(uintptr_t)(GRANULE_BYTES - 1); at < end;
		     at += GRANULE_BYTES)
			add_to(detector, bucket_of(detector->benign, at), address, end, &block);
	runtime_unlock(&detector->lock);
}

static bool is_in(struct detector *detector, const struct benign_range *range, uintptr_t address)
{
	struct memory_block block = {.start = 0};
	bool is_block_known = false;

	for (; range; range = range->next) {
		if (address < range->start || address >= range->end)
			continue;
		if (!is_block_known)
			block = memory_block_find(detector, address);
		is_block_known = true;
		if (memory_block_is_same(&range->block, &block))
			return true;
	}
	return false;
}

bool benign_has(struct detector *detector, uintptr_t address)
{
	/* acquire: both pair with what benign_add() released. */
	struct benign *benign = load_acquire(&detector->benign);

	if (LIKELY(!benign))
		return false;
	if (!is_in(detector, load_acquire(bucket_of(benign, address)), address) &&
	    !is_in(detector, load_acquire(&benign->large), address))
		return false;
	detector_count(detector, BENIGN_RACES);
	return true;
}

/* --- Regions ---------------------------------------------------------------------------- */

/* Epochs of one slot: behind the first, up to the last. */
struct benign_region {
	uint64_t first, last; /* UINT64_MAX: it has not ended */
	uint32_t slot;
	bool is_write;
};

struct benign_regions {
	struct benign_region regions[BENIGN_REGIONS];
	uint32_t count;
};

static uint64_t present_epoch(const struct thread *thread)
{
	return vclock_get(&thread->clocks.full, thread->slot);
}

static void open_region(struct detector *detector, struct thread *thread, bool is_write)
{
	struct benign_regions *known = detector->benign_regions;

	if (!known) {
		known = arena_alloc(&detector->arena, sizeof(*known));
		/* release: pairs with benign_has_region(). */
		store_release(&detector->benign_regions, known);
	}
	if (!known)
		return;
	thread->region[is_write] = known->count++;
	known->regions[thread->region[is_write] % BENIGN_REGIONS] = (struct benign_region){
		present_epoch(thread), UINT64_MAX, thread->slot, is_write};
}

static void close_region(struct detector *detector, struct thread *thread, bool is_write)
{
	struct benign_regions *known = detector->benign_regions;
	uint32_t number = thread->region[is_write];

	if (known && known->count - number <= BENIGN_REGIONS)
		known->regions[number % BENIGN_REGIONS].last = present_epoch(thread);
}

void benign_begin(struct detector *detector, struct thread *thread, bool is_write)
{
	if (thread->ignoring[is_write]++)
		return;
	runtime_lock(&detector->lock);
	open_region(detector, thread, is_write);
	runtime_unlock(&detector->lock);
}

void benign_end(struct detector *detector, struct thread *thread, bool is_write)
{
	if (!thread->ignoring[is_write] || --thread->ignoring[is_write])
		return;
	runtime_lock(&detector->lock);
	close_region(detector, thread, is_write);
	runtime_unlock(&detector->lock);
}

void benign_thread_ends(struct detector *detector, struct thread *thread)
{
	for (unsigned is_write = 0; is_write < 2; is_write++) {
		if (!thread->ignoring[is_write])
			continue;
		thread->ignoring[is_write] = 1;
		benign_end(detector, thread, is_write);
	}
}

static bool is_in_region(const struct benign_region *region, uint64_t word, bool is_write)
{
	return region->slot == shadow_slot(word) && region->is_write == is_write &&
	       region->first < shadow_epoch(word) && shadow_epoch(word) <= region->last;
}

bool benign_has_region(struct detector *detector, uint64_t word, bool is_write)
{
	/* acquire: pairs with open_region(). */
	struct benign_regions *known = load_acquire(&detector->benign_regions);
	bool is_found = false;

	if (LIKELY(!known))
		return false;
	runtime_lock(&detector->lock);
	for (uint32_t i = 0; i < BENIGN_REGIONS && i < known->count && !is_found; i++)
		is_found = is_in_region(&known->regions[i], word, is_write);
	runtime_unlock(&detector->lock);
	if (is_found)
		detector_count(detector, BENIGN_RACES);
	return is_found;
}
