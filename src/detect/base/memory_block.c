#include "detect/base/memory_block.h"

#include "detect/base/report.h"

void memory_block_report(struct detector *detector, struct finding *finding, uintptr_t address)
{
	struct memory_block block;
	struct finding_event *event;

	if (!detector->hooks->block_of || !detector->hooks->block_of(detector, address, &block))
		return;
	event = report_event(finding, block.thread, ACTION_ALLOCATE, NULL, block.stack);
	if (!event)
		return;
	event->address = block.start;
	event->size_bytes = block.size_bytes;
}
