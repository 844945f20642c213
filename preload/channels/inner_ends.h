/*
 * Inner ends: of pipes and pairs of sockets that this process made and no other one
 * can have.
 *
 * A number that was made as an end is in the generation in which it was made.  A generation
 * ends when other processes may have got our descriptors: by a fork, by a program that was
 * started, by a descriptor that was sent.  Only ends of the present one are inner.
 */
#ifndef PRELOAD_CHANNELS_INNER_ENDS_H
#define PRELOAD_CHANNELS_INNER_ENDS_H

#include "detect/base/detector.h"
#include "preload/channels/descriptors.h"

extern uint32_t inner_generation;
extern uint32_t inner_ends[DESCRIPTORS_KEPT]; /* the generation of each number, or 0 */

static inline bool inner_is_end(int descriptor)
{
	/* relaxed: the program itself orders the opening of a number before its use. */
	return (unsigned)descriptor < DESCRIPTORS_KEPT &&
	       load_relaxed(&inner_ends[descriptor]) == load_relaxed(&inner_generation);
}

/* These two are the ends of a new pipe or pair of sockets. */
void inner_made(int first, int second);

/* The number stands for something else now; @copy for the same as @descriptor. */
void inner_forget(int descriptor);
void inner_copied(int descriptor, int copy);

/* Another process may have got copies of all descriptors. */
void inner_shared(void);

/* A detector_hooks.may_have_input. */
bool inner_may_have_input(const struct detector *detector, const struct wait *wait);

#endif
