/*
 * Inside the sink: records.
 */
#ifndef PRELOAD_RESULTS_SINK_RECORD_H
#define PRELOAD_RESULTS_SINK_RECORD_H

#include "detect/base/describe.h"
#include "finding/results.h"

/* Room for a record of @payload_bytes, with its writer in *@writer; NULL if
 * there is none. */
struct record_header *sink_begin_record(enum record_type type, uint32_t payload_bytes,
					uint32_t live_bytes, struct byte_writer *writer);

#endif
