/*
 * A counter that two threads count up without a lock (lost-update).
 *
 * What happens: visit_count++ reads the count, adds one and writes it back.
 * When both doors do it at once, both read the same count, and one visitor is
 * never counted.
 *
 * Why it is wrong: '++' looks like one step, and may even be one machine
 * instruction.  But without a lock prefix the processor, too, reads first and
 * writes later.
 *
 * See it: snarl run ./counter
 * Both updates with their stacks.  It needs no lost visitor: nothing orders
 * the two threads, so any run shows that visitors can be lost.
 *
 * Fix: an atomic counter, as in clean_counter.c; or a lock around it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define VISITORS_PER_DOOR 1000

static long visit_count;

static void *guard_door(void *unused)
{
	(void)unused;
	for (int visitor = 0; visitor < VISITORS_PER_DOOR; visitor++) {
		visit_count++; /* HERE: counts */
		sched_yield();
	}
	return NULL;
}

int main(void)
{
	pthread_t front_door, back_door;

	pthread_create(&front_door, NULL, guard_door, NULL);
	pthread_create(&back_door, NULL, guard_door, NULL);
	pthread_join(front_door, NULL);
	pthread_join(back_door, NULL);
	printf("%ld of %d visitors\n", visit_count, 2 * VISITORS_PER_DOOR);
	return 0;
}
