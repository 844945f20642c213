#include "x86/survey/module.h"

/* Both searches interpolate, and bisect where a guess did not halve what is left. */
static uint32_t guess_index(uint32_t low, uint32_t high, uint64_t offset, uint64_t from,
			    uint64_t to)
{
	uint64_t index = low + (offset - from) * (high - low) / (to - from);

	return index < high ? (uint32_t)index : high - 1;
}

void module_index(struct module *module)
{
	uint32_t block_count = (module->text_bytes + MODULE_BLOCK_BYTES - 1) / MODULE_BLOCK_BYTES;
	uint32_t first = 0;

	for (uint32_t block = 0; block < block_count; block++) {
		while (first < module->function_count &&
		       module->functions[first].end <= block * MODULE_BLOCK_BYTES)
			first++;
		module->first_in_block[block] = first;
	}
}

static struct function *find_in_block(const struct module *module, uint32_t offset)
{
	uint32_t index = module->first_in_block[offset / MODULE_BLOCK_BYTES];

	while (index < module->function_count && module->functions[index].end <= offset)
		index++;
	return index < module->function_count && module->functions[index].start <= offset
		       ? &module->functions[index]
		       : NULL;
}

struct function *module_find(const struct module *module, int64_t offset)
{
	uint32_t low = 0, high = module->function_count;
	bool guesses = offset >= 0;

	if (LIKELY(module->first_in_block))
		return offset >= 0 && offset < module->text_bytes
			       ? find_in_block(module, (uint32_t)offset)
			       : NULL;
	while (low < high) {
		uint64_t from = module->functions[low].start;
		uint64_t to = module->functions[high - 1].end;
		uint32_t middle = low + (high - low) / 2;
		struct function *function;

		if (offset < (int64_t)from || offset >= (int64_t)to)
			return NULL;
		if (guesses)
			middle = guess_index(low, high, (uint64_t)offset, from, to);
		guesses = !guesses;
		function = &module->functions[middle];
		if (offset < function->start)
			high = middle;
		else if (offset >= function->end)
			low = middle + 1;
		else
			return function;
	}
	return NULL;
}

uint32_t function_find(const struct function *function, uint32_t offset)
{
	uint32_t low = 0, high = function->count;
	uint32_t from = function->start, to = function->end;
	bool guesses = true;

	if (offset < from || offset >= to)
		return UINT32_MAX;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t found;

		if (guesses && to > from)
			middle = guess_index(low, high, offset, from, to);
		guesses = !guesses;
		found = function->instructions[middle].offset;
		if (found == offset)
			return middle;
		if (found < offset) {
			low = middle + 1;
			from = found + function->instructions[middle].length;
		} else {
			high = middle;
			to = found;
		}
		if (offset < from)
			return UINT32_MAX;
	}
	return UINT32_MAX;
}

uint32_t module_clone_offset(const struct module *module, int64_t offset)
{
	const struct function *function = module_find(module, offset);
	uint32_t index;

	if (!function || !function->clone_offsets)
		return 0;
	index = function_find(function, (uint32_t)offset);
	return index == UINT32_MAX ? 0 : function->clone_offsets[index];
}
