#include "preload/clones.h"

#include "base/atomic.h"

#define REGION_MAX 4096u

static struct clone_region regions[REGION_MAX];
static uint32_t region_count;

bool clones_add(const struct clone_region *region)
{
	if (region_count == REGION_MAX)
		return false;
	regions[region_count] = *region;
	/* release: pairs with clones_at(). */
	store_release(&region_count, region_count + 1);
	return true;
}

struct clone_region *clones_at(uint32_t index)
{
	return index < load_acquire(&region_count) ? &regions[index] : NULL;
}

bool clones_original(uintptr_t pc, struct plan_state *state, uintptr_t *original)
{
	const struct clone_region *region;

	for (uint32_t i = 0; (region = clones_at(i)); i++) {
		const struct plan_state *found;

		if (pc < region->start || pc >= region->end)
			continue;
		found = plan_state_at(region->states, region->state_count,
				      (uint32_t)(pc - region->start));
		if (!found)
			return false;
		*state = *found;
		*original = region->text + found->original_offset;
		if (found->is_copy)
			*original += pc - region->start - found->clone_offset;
		return true;
	}
	return false;
}
