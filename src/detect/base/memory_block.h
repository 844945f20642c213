/* Blocks of memory that the program allocated: what is known of them. */
#ifndef DETECT_BASE_MEMORY_BLOCK_H
#define DETECT_BASE_MEMORY_BLOCK_H

#include "base/types.h"

struct memory_block {
	uintptr_t start;
	size_t size_bytes; /* as asked for */
	stack_id stack;	   /* of the allocation */
	thread_id thread;  /* who allocated it; 0: not known */
	bool is_freed;	   /* since then, and not yet given out again */
};

struct detector;
struct finding;

/* Adds to @finding the block that @address is in, if it is in one.  Called with
 * detector.lock held. */
void memory_block_report(struct detector *detector, struct finding *finding, uintptr_t address);

#endif
