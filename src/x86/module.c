#include "x86/module.h"

/*
 * Both searches guess: what is looked for lies about as far into the table as
 * its offset lies into the bytes, so a few steps from there usually do.  They
 * halve what is left whenever a guess has not.
 */
static uint32_t guess(uint32_t low, uint32_t high, uint64_t offset, uint64_t from, uint64_t to)
{
	uint64_t index = low + (offset - from) * (high - low) / (to - from);

	return index < high ? (uint32_t)index : high - 1;
}

struct function *module_find(const struct module *module, int64_t offset)
{
	uint32_t low = 0, high = module->function_count;
	bool guesses = offset >= 0;

	while (low < high) {
		uint64_t from = module->functions[low].start;
		uint64_t to = module->functions[high - 1].end;
		uint32_t middle = low + (high - low) / 2;
		struct function *function;

		if (offset < (int64_t)from || offset >= (int64_t)to)
			return NULL;
		if (guesses)
			middle = guess(low, high, (uint64_t)offset, from, to);
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
			middle = guess(low, high, offset, from, to);
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

void function_link(struct function *function)
{
	for (uint32_t i = 0; i < function->count; i++) {
		struct instruction *instruction = &function->instructions[i];
		bool is_branch = instruction->kind == INSTRUCTION_BRANCH ||
				 instruction->kind == INSTRUCTION_BRANCH_IF ||
				 instruction->kind == INSTRUCTION_LOOP;

		if (!is_branch || instruction->target < function->start ||
		    instruction->target >= function->end)
			continue;
		/* UINT32_MAX becomes 0: no instruction begins there. */
		instruction->target_index =
			function_find(function, (uint32_t)instruction->target) + 1;
	}
}
