#include "unwind/cache.h"

#include <string.h>

#include "base/atomic.h"

#define SLOT_COUNT 32768
#define FIRST_SLOT_COUNT 4096 /* twice as many whenever they have been full */
#define PROBE_COUNT 4
#define SLOT_BUSY UINT64_MAX
#define BLOCK_BYTES 32u
#define BLOCK_MARK ((uintptr_t)1 << 63) /* code has no such address */
#define BLOCKS_AROUND 4u

/* When as many rules as a part of the slots found none free, the cache counts as full, and is
 * flushed. */
#define REFUSED_PART 16

struct cache_slot {
	uint64_t generation; /* that the rest belongs to, or SLOT_BUSY */
	uint64_t address;
	uint64_t rule[2];
};

_Static_assert(sizeof(struct frame_rule) == sizeof(((struct cache_slot *)0)->rule),
	       "a rule fills its slot");

const uint8_t frame_rule_registers[FRAME_RULE_REGISTER_COUNT] = {REGISTER_FRAME,
								 PRESERVED_REGISTERS};

static struct cache_slot slots[SLOT_COUNT];
static uint64_t current_generation = 1;
static uint32_t slot_mask = FIRST_SLOT_COUNT - 1;
static uint32_t refused_count;

uint64_t unwind_cache_generation(void)
{
	return load_acquire(&current_generation);
}

void unwind_cache_flush(void)
{
	fetch_add_acq_rel(&current_generation, 1);
}

static struct cache_slot *probe_slot(uintptr_t address, unsigned int attempt)
{
	uint64_t hash = address * 0x9e3779b97f4a7c15u;

	/* relaxed: with another mask a rule is not found */
	return &slots[((hash >> 40) + attempt) & load_relaxed(&slot_mask)];
}

/* Each acquire pairs with the release of the same field in fill_slot(): a reader that
 * sees a field of a later rule also sees the generation changed. */
static bool read_slot(struct cache_slot *slot, uint64_t generation, uintptr_t address,
		      struct frame_rule *rule)
{
	uint64_t words[2];

	if (load_acquire(&slot->address) != address)
		return false;
	words[0] = load_acquire(&slot->rule[0]);
	words[1] = load_acquire(&slot->rule[1]);
	/* relaxed: the acquires above order it after themselves */
	if (load_relaxed(&slot->generation) != generation)
		return false;
	memcpy(rule, words, sizeof(words));
	return true;
}

/* In place of an address: the block that it is in. */
static uintptr_t block_of(uintptr_t address)
{
	return (address & ~(uintptr_t)(BLOCK_BYTES - 1)) | BLOCK_MARK;
}

static bool find_rule(uint64_t generation, uintptr_t address, struct frame_rule *rule)
{
	for (unsigned int attempt = 0; attempt < PROBE_COUNT; attempt++) {
		struct cache_slot *slot = probe_slot(address, attempt);

		/* acquire: pairs with the last release in fill_slot() */
		if (load_acquire(&slot->generation) != generation)
			return false;
		if (read_slot(slot, generation, address, rule))
			return true;
	}
	return false;
}

bool unwind_cache_find(uint64_t generation, uintptr_t address, struct frame_rule *rule)
{
	return find_rule(generation, block_of(address), rule) ||
	       find_rule(generation, address, rule);
}

static void fill_slot(struct cache_slot *slot, uint64_t generation, uintptr_t address,
		      const struct frame_rule *rule)
{
	uint64_t words[2];

	memcpy(words, rule, sizeof(words));
	store_release(&slot->address, address);
	store_release(&slot->rule[0], words[0]);
	store_release(&slot->rule[1], words[1]);
	store_release(&slot->generation, generation);
}

void unwind_cache_add(uint64_t generation, uintptr_t address, const struct frame_rule *rule)
{
	for (unsigned int attempt = 0; attempt < PROBE_COUNT; attempt++) {
		struct cache_slot *slot = probe_slot(address, attempt);
		/* relaxed: the exchange below decides */
		uint64_t found = load_relaxed(&slot->generation);

		if (found >= generation)
			continue;
		if (compare_exchange_acq_rel(&slot->generation, &found, SLOT_BUSY)) {
			fill_slot(slot, generation, address, rule);
			return;
		}
	}
	uint32_t count = load_relaxed(&slot_mask) + 1;
	uint32_t most = count / REFUSED_PART;

	/* relaxed: a wrong count only means a flush more or less */
	if (fetch_add_relaxed(&refused_count, 1) % most != most - 1)
		return;
	unwind_cache_flush();
	if (count < SLOT_COUNT)
		store_relaxed(&slot_mask, 2 * count - 1); /* relaxed: as above */
}

void unwind_cache_add_row(uint64_t generation, uintptr_t address, uintptr_t start, uintptr_t end,
			  const struct frame_rule *rule)
{
	uintptr_t block = address & ~(uintptr_t)(BLOCK_BYTES - 1);
	uintptr_t first = block - BLOCKS_AROUND * BLOCK_BYTES;
	struct frame_rule known;

	if (block < start || block + BLOCK_BYTES > end) {
		unwind_cache_add(generation, address, rule);
		return;
	}
	for (unsigned int i = 0; i <= 2 * BLOCKS_AROUND; i++) {
		uintptr_t at = first + i * BLOCK_BYTES;

		if (at >= start && at + BLOCK_BYTES <= end &&
		    (at == block || !find_rule(generation, block_of(at), &known)))
			unwind_cache_add(generation, block_of(at), rule);
	}
}
