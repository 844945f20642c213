#include "detect/base/memory_block.h"

#include "detect/base/report.h"

struct memory_block memory_block_find(struct detector *detector, uintptr_t address)
{
	struct memory_block block = {.start = 0};

	if (!detector->hooks->block_of || !detector->hooks->block_of(detector, address, &block))
		block = (struct memory_block){.start = 0};
	return block;
}

void memory_block_report(struct detector *detector, struct finding *finding, uintptr_t address)
{
	struct memory_block block = memory_block_find(detector, address);

	if (block.start)
		report_access(finding, block.thread, ACTION_ALLOCATE, block.stack, block.start,
			      block.size_bytes);
}
