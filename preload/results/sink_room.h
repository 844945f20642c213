/*
 * Room in a results file that a process has made itself: a program that is killed
 * leaves its file behind, so it takes no more of the disk than it holds records.
 *
 * The file has its full size from the beginning, but blocks only in its ready part,
 * which grows ahead of the records.  A write to a mapped page can then not fail for
 * want of space, which would be a SIGBUS in the program.
 */
#ifndef PRELOAD_RESULTS_SINK_ROOM_H
#define PRELOAD_RESULTS_SINK_ROOM_H

#include "base/types.h"

/* Gives the empty file its size.  False: it may not be that long. */
bool sink_room_size(long descriptor, uint64_t size_bytes);

/* Makes the beginning of the mapped, empty file ready, and formats it.  False with
 * *@why if there is no space. */
bool sink_room_begin(void *base, long descriptor, uint64_t size_bytes, const char **why);

void sink_room_extend(void *base);

/* Is it to be extended before @size_bytes are taken? */
bool sink_room_is_short(const void *base, size_t size_bytes);

/* Before @size_bytes are taken.  Any thread of any process of the run. */
static inline void sink_room_make(void *base, size_t size_bytes)
{
	if (UNLIKELY(sink_room_is_short(base, size_bytes)))
		sink_room_extend(base);
}

#endif
