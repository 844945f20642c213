/*
 * A reference count that is counted down without an atomic (lost-update).
 *
 * What happens: three viewers share a picture.  Whoever drops it last is to free
 * it.  If two count down at once, both read 3 and write 2: nobody frees it.
 * And whoever frees it has never heard that the others are done with it.
 *
 * Why it is wrong: the count is what the owners agree by, so it is the one
 * member that they always use at the same time.
 *
 * See it: snarl run ./reference_count
 * The two updates; and the free(), which nothing orders after the others'
 * last use (data-race).
 *
 * Fix: an atomic decrement that releases, and acquires for the one who frees:
 * clean_reference_count.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define VIEWER_COUNT 3

struct picture {
	int references;
	int width, height;
};

static void drop(struct picture *picture)
{
	if (--picture->references == 0) /* HERE: drops */
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
	*picture = (struct picture){ .references = VIEWER_COUNT, .width = 4, .height = 3 };
	for (int viewer = 0; viewer < VIEWER_COUNT; viewer++)
		pthread_create(&viewers[viewer], NULL, view, picture);
	for (int viewer = 0; viewer < VIEWER_COUNT; viewer++)
		pthread_join(viewers[viewer], NULL);
	puts("dropped by all");
	return 0;
}
