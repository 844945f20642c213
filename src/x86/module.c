#include "x86/module.h"

struct function *module_find(const struct module *module, int64_t offset)
{
	uint32_t low = 0, high = module->function_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct function *function = &module->functions[middle];

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

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t found = function->instructions[middle].offset;

		if (found == offset)
			return middle;
		if (found < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}
