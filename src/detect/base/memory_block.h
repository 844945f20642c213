/* What is known of a block of memory that the program allocated. */
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

#endif
