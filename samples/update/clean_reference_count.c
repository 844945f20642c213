/*
 * The fixed twin of reference_count.c: counting down is one atomic step.
 *
 * It releases: what an owner did with the picture comes before its drop.  And
 * it acquires: who drops last has seen all of that before it frees.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define VIEWER_COUNT 3

struct picture {
	_Atomic int references;
	int width, height;
};

static void drop(struct picture *picture)
{
	if (atomic_fetch_sub_explicit(&picture->references, 1, memory_order_acq_rel) == 1)
		free(picture);
}

static void *view(void *picture)
{
	drop(picture);
	return NULL;
}

int main(void)
{
	struct picture *picture = malloc(sizeof *picture);
	pthread_t viewers[VIEWER_COUNT];

	if (!picture)
		abort();
	atomic_init(&picture->references, VIEWER_COUNT);
	picture->width = 4;
	picture->height = 3;
	for (int viewer = 0; viewer < VIEWER_COUNT; viewer++)
		pthread_create(&viewers[viewer], NULL, view, picture);
	for (int viewer = 0; viewer < VIEWER_COUNT; viewer++)
		pthread_join(viewers[viewer], NULL);
	puts("dropped by all");
	return 0;
}
