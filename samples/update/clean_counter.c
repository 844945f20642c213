/*
 * The fixed twin of counter.c: the counter is atomic, so reading,
 * adding and writing are one step that no other thread can come between.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define VISITORS_PER_DOOR 1000

static _Atomic long visit_count;

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
