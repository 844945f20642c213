#include "reports/model/slots.h"

#include <string.h>

#include "base/atomic.h"

#define ATTEMPT_COUNT 1000

bool slot_copy(const struct results_slot *slot, struct results_slot *copy)
{
	for (int i = 0; i < ATTEMPT_COUNT; i++) {
		/* acquire: pairs with the writer's release of an even number. */
		uint32_t before = load_acquire(&slot->sequence);

		if (before % 2)
			continue;
		memcpy(copy, slot, sizeof(*copy));
		fence_full();
		/* relaxed: the fence keeps it behind the copy. */
		if (load_relaxed(&slot->sequence) == before)
			return copy->thread && copy->process;
	}
	return false;
}

uint32_t slots_count(const void *image)
{
	const struct results_header *header = image;
	/* relaxed: a slot that is taken now belongs to a thread that is not blocked yet. */
	uint32_t count = load_relaxed(&header->slot_count);

	return count < RESULTS_SLOT_COUNT ? count : RESULTS_SLOT_COUNT;
}

struct results_slot *slots_collect(struct pool *pool, const void *image, uint32_t process,
				   size_t *count)
{
	const struct results_slot *slots =
		(const void *)((const char *)image + RESULTS_SLOTS_OFFSET);
	struct results_slot *blocked = NULL;
	struct results_slot slot;
	uint32_t slot_count = slots_count(image);

	*count = 0;
	for (uint32_t i = 0; i < slot_count; i++) {
		if (!slot_copy(&slots[i], &slot) || slot.process != process || !slot.is_blocked)
			continue;
		blocked = pool_grow(pool, blocked, *count, sizeof(slot));
		blocked[(*count)++] = slot;
	}
	return blocked;
}
