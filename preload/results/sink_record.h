/*
 * Inside the sink: records, and descriptions of what they name.
 *
 * Modules, stacks, threads and locks are described once each, before the first
 * record that names them.  Called with detector.lock held.
 */
#ifndef PRELOAD_RESULTS_SINK_RECORD_H
#define PRELOAD_RESULTS_SINK_RECORD_H

#include <string.h>

#include "detect/base/detector.h"
#include "finding/results.h"

/* Room for a record of @payload_bytes, with its writer in *@writer; NULL if
 * there is none. */
struct record_header *sink_begin_record(enum record_type type, uint32_t payload_bytes,
					uint32_t live_bytes, struct byte_writer *writer);

static inline uint32_t sink_string_bytes(const char *text)
{
	return (uint32_t)(4 + strlen(text));
}

void sink_describe_stack(struct detector *detector, stack_id id);
void sink_describe_thread(struct detector *detector, thread_id id);
void sink_describe_lock(struct detector *detector, lock_id id);

/* The module that has the variable at @address, if it is in one. */
void sink_describe_memory(uintptr_t address);

#endif
