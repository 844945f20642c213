#define _GNU_SOURCE
#include "preload/code/clones.h"

#include <link.h>

#include "base/atomic.h"
#include "detect/base/detector.h"
#include "elf/image.h"
#include "preload/guest/modules.h"

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

void clones_take_back(void)
{
	/* release: as above; a reader that still uses the row finds it unchanged. */
	store_release(&region_count, region_count - 1);
}

struct clone_region *clones_at(uint32_t index)
{
	return index < load_acquire(&region_count) ? &regions[index] : NULL;
}

void clones_describe(struct clone_region *region, const struct dl_phdr_info *info)
{
	region->bias = info->dlpi_addr;
	region->headers = info->dlpi_phdr;
	region->header_count = info->dlpi_phnum;
	image_find_range(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, &region->module_start,
			 &region->module_end);
}

struct clone_region *clones_of_module(uintptr_t address)
{
	struct clone_region *region;

	for (uint32_t i = 0; (region = clones_at(i)); i++)
		if (region->start &&
		    address - region->module_start < region->module_end - region->module_start)
			return region;
	return NULL;
}

bool clones_original(uintptr_t pc, struct plan_state *state, uintptr_t *original)
{
	const struct clone_region *region;

	for (uint32_t i = 0; (region = clones_at(i)); i++) {
		if (pc < region->start || pc >= region->end)
			continue;
		if (!plan_state_at(&region->states, (uint32_t)(pc - region->start), state))
			return false;
		*original =
			region->text + plan_state_original(state, (uint32_t)(pc - region->start));
		return true;
	}
	return false;
}

/* A row of copied code holds for all instructions up to the next row. */
static uintptr_t find_copy(const struct clone_region *region, uint32_t offset)
{
	struct plan_state_cursor at;

	if (!plan_states_seek(&region->states, 0, &at))
		return 0;
	do {
		uint32_t end = at.end < region->end - region->start
				       ? at.end
				       : (uint32_t)(region->end - region->start);

		if (at.row.is_copy && offset - at.row.original_offset < end - at.row.clone_offset)
			return region->start + at.row.clone_offset + offset -
			       at.row.original_offset;
	} while (plan_states_step(&at));
	return 0;
}

uintptr_t clones_copy_of(uintptr_t original)
{
	const struct clone_region *region = clones_of_module(original);

	return region ? find_copy(region, (uint32_t)(original - region->text)) : 0;
}

bool clones_is_observed_call(struct detector *detector, stack_id stack)
{
	const struct stack *frames = stack_depot_get(&detector->stacks, stack);

	for (uint32_t i = 0; frames && i < frames->frame_count; i++) {
		uintptr_t frame = stack_frame(frames, i);
		const struct clone_region *region = clones_of_module(frame);

		if (region || !modules_is_relay(frame))
			return region && !region->is_silent;
	}
	return false;
}
