/* struct pthread_barrier: how many have come in, the round, how many it is for. */
#include <stdio.h>

#include "inspect/objects/wait.h"

#define OFFSET_ROUND 4u

struct barrier {
	uint32_t in, round, count;
	int32_t shared;
	uint32_t out;
};

bool wait_for_barrier(const struct wait_question *question, struct wait *wait)
{
	struct barrier barrier;

	wait->object = question->futex - OFFSET_ROUND;
	if (question->futex % 8 != 4 ||
	    !target_read(question->target, wait->object, &barrier, sizeof(barrier)))
		return false;
	if (barrier.in >= barrier.round)
		(void)snprintf(wait->note, sizeof(wait->note), "%u of %u have come",
			       barrier.in - barrier.round, barrier.count);
	return true;
}
