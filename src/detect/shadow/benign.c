#include "detect/shadow/benign.h"

#include "base/atomic.h"
#include "base/hash.h"
#include "detect/base/clock.h"
#include "detect/base/memory_block.h"
#include "detect/base/slot.h"
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

	if (is_known(*list, start, end, block))
		return;
	range = detector->benign->count < RANGES_MAX
			? arena_alloc(&detector->arena, sizeof(*range))
			: NULL;
	if (!range) {
		detector_count(detector, LOST_BENIGN);
		return;
	}
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

static void mark(struct detector *detector, struct thread *thread)
{
	uint32_t marks = (thread->ignoring[false] ? BENIGN_READS : 0u) |
			 (thread->ignoring[true] ? BENIGN_WRITES : 0u);

	clock_mark_epochs(detector, thread, marks);
}

void benign_begin(struct detector *detector, struct clock_releaser by, bool is_write)
{
	clock_end_epoch(by);
	by.thread->ignoring[is_write]++;
	mark(detector, by.thread);
}

void benign_end(struct detector *detector, struct clock_releaser by, bool is_write)
{
	if (!by.thread->ignoring[is_write])
		return;
	clock_end_epoch(by);
	by.thread->ignoring[is_write]--;
	mark(detector, by.thread);
}

bool benign_has_region(struct detector *detector, uint64_t word, bool is_write)
{
	uint32_t marks = slot_marks(detector, shadow_slot(word), shadow_epoch(word));

	if (LIKELY(!(marks & (is_write ? BENIGN_WRITES : BENIGN_READS))))
		return false;
	detector_count(detector, BENIGN_RACES);
	return true;
}
