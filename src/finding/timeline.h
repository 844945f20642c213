/*
 * The events of a run with --timeline: holds, waits, signals and findings, with their times.
 *
 * They stand behind the records of the results file, in a ring of blocks that all processes
 * share.  A thread takes a block and fills it alone, so threads meet once in many events;
 * when all blocks are taken the oldest one is taken anew, and what it had is counted.  Each
 * event is whole once 'used' counts it, so that those of a killed process are there.
 *
 *   header.timeline_offset   struct timeline_ring, in the place of a block
 *   behind it                block_count x struct timeline_block
 *
 * A block that was left for long may be taken anew while its old thread adds an event: that
 * may spoil one event, so readers trust none.
 */
#ifndef FINDING_TIMELINE_H
#define FINDING_TIMELINE_H

#include "finding/results.h"

#define TIMELINE_BYTES (16u << 20)
#define TIMELINE_BLOCK_EVENTS 25u

enum timeline_kind {
	TIMELINE_HOLD = 1,   /* a whole one: 'held_ns' long */
	TIMELINE_HOLD_BEGIN, /* as the next, if the thread waits meanwhile or room abounds */
	TIMELINE_HOLD_END,
	TIMELINE_WAIT_BEGIN,
	TIMELINE_WAIT_END,
	TIMELINE_SIGNAL,
	TIMELINE_BROADCAST,
	TIMELINE_POST,
	TIMELINE_FINDING, /* 'lock' is its number */
	TIMELINE_PROCESS_END
};

struct timeline_event {
	uint64_t time_ns; /* of the monotonic clock; where a hold begins */
	uint64_t held_ns;
	uint16_t kind; /* enum timeline_kind */
	uint8_t mode;  /* enum hold_mode */
	uint8_t action; /* enum finding_action, of a wait */
	uint32_t lock; /* or another object; 0: not known, or none */
	uint32_t stack;
	uint32_t other;	      /* who holds what is waited for, or the thread that is joined ... */
	uint32_t other_stack; /* ... and where it was taken */
};

struct timeline_block {
	uint64_t turn; /* of all blocks that were taken, from 1; 0: never taken */
	uint32_t process;
	uint32_t thread;
	uint32_t used;
	uint32_t left_out_count; /* events of its thread for which there was no reason to stay */
	struct timeline_event events[TIMELINE_BLOCK_EVENTS];
};

struct timeline_ring {
	uint64_t block_count;
	uint64_t next_turn;  /* blocks that were taken, less one */
	uint64_t lost_count; /* events of blocks that were taken anew */
	uint64_t end_ns;     /* the end of the run; 0: not seen */
};

_Static_assert(sizeof(struct timeline_block) == 1024, "blocks have a fixed size");

static inline struct timeline_block *timeline_blocks(struct timeline_ring *ring)
{
	return (struct timeline_block *)(void *)ring + 1;
}

/* The ring of the image @base; NULL: no events are kept. */
struct timeline_ring *timeline_of(void *base);

/* The ring of an image of @size_bytes; NULL: there is none, or not all of it. */
const struct timeline_ring *timeline_check(const void *base, uint64_t size_bytes);

/* The events of a ring that are lost. */
uint64_t timeline_lost(const struct timeline_ring *ring);

static inline const struct timeline_block *timeline_block(const struct timeline_ring *ring,
							  uint64_t number)
{
	return (const struct timeline_block *)(const void *)ring + 1 + number;
}

/* Puts an empty ring of @size_bytes behind the records of the empty image @base. */
void timeline_format(void *base, uint64_t size_bytes);

/* Moves the ring to the end of the records, of which there are no more to come.  Returns the
 * size of the whole image. */
uint64_t timeline_pack(void *base);

#endif
