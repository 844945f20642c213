/*
 * What a heap block is for: its type, by who asked for it.
 *
 * Code of C++'s library reaches a member through pointers that know nothing of the object
 * around it.  But who asked for the block has its type as an argument of a template:
 * make_unique<Engine>(), allocator<pair<...>>::allocate(); or, as "new Engine", gives the
 * block to something of that type (result_type.h).  Types count only if their size fits the
 * block.  What nodes and shared pointers store for the program, in memory without a type, is
 * entered.
 */
#ifndef REPORTS_BLOCKS_BLOCK_TYPE_H
#define REPORTS_BLOCKS_BLOCK_TYPE_H

#include "finding/finding.h"
#include "reports/symbols/symbolize.h"
#include "reports/types/pointee.h"

/* The part with @size_bytes at @offset of the block that was allocated as @block says; 0 bytes:
 * the lock there.  False if its type is unknown, or it is neither a field nor in a container. */
bool block_find_part(struct symbolizer *symbolizer, struct pool *pool,
		     const struct model_process *process, const struct finding_event *block,
		     uint64_t offset, uint64_t size_bytes, struct pointee *pointee);

#endif
