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

/* The block that @address is in; its start is 0 if it is in none that is known. */
struct memory_block memory_block_find(struct detector *detector, uintptr_t address);

/* Is it one block in one life, or two of a kind, one after the other? */
static inline bool memory_block_is_same(const struct memory_block *one,
					const struct memory_block *other)
{
	return one->start == other->start && one->size_bytes == other->size_bytes &&
	       one->stack == other->stack;
}

/* Adds to @finding the block that @address is in, if it is in one.  Called with
 * detector.lock held. */
void memory_block_report(struct detector *detector, struct finding *finding, uintptr_t address);

#endif
