/*
 * Disk space of a results file that a process has made itself, or that lies in memory.  A
 * killed program leaves its file behind, and memory has to be cleared, so the file takes
 * only as much as its records need.
 *
 * The file has its full size from the beginning, but disk blocks only in its
 * ready part, which grows ahead of the records.  A write to a mapped page
 * without a block could raise SIGBUS in the program if the disk is full.
 */
#ifndef PRELOAD_RESULTS_SINK_ROOM_H
#define PRELOAD_RESULTS_SINK_ROOM_H

#include "base/types.h"

/* Gives the empty file its size.  False: the limit of file sizes is lower. */
bool sink_room_size(long descriptor, uint64_t size_bytes);

/* Makes the beginning of the mapped, empty file ready, and formats it; behind its @size_bytes a
 * ring for events, if @timeline_bytes is not 0.  False with *@why if there is no space. */
bool sink_room_begin(void *base, long descriptor, uint64_t size_bytes, uint64_t timeline_bytes,
		     const char **why);

void sink_room_extend(void *base);

/* For when the kernel may not let it be extended any more. */
void sink_room_set_aside(void *base);

/* Must the ready part be extended before @size_bytes are taken? */
bool sink_room_is_short(const void *base, size_t size_bytes);

/* To be called before @size_bytes are taken, by any thread of any process of the run. */
static inline void sink_room_make(void *base, size_t size_bytes)
{
	if (UNLIKELY(sink_room_is_short(base, size_bytes)))
		sink_room_extend(base);
}

#endif
