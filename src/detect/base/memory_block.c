#include "detect/base/memory_block.h"

#include "detect/base/report.h"

void memory_block_report(struct detector *detector, struct finding *finding, uintptr_t address)
{
	struct memory_block block;

	if (detector->hooks->block_of && detector->hooks->block_of(detector, address, &block))
		report_access(finding, block.thread, ACTION_ALLOCATE, block.stack, block.start,
			      block.size_bytes);
}
