/*
 * Waiting for a variable that is only volatile (unmarked-sync, note).
 *
 * What happens: the painter waits in a loop until the loader has set is_loaded,
 * then uses the picture.
 *
 * Why it is wrong: 'volatile' makes the compiler look each time; without it the
 * loop may look once and wait for ever.  But it orders nothing: the picture is
 * not volatile, and its stores may be moved after the flag's.
 *
 * See it: snarl run ./flag
 * A note, at the loop and at the store.  It is the flag that is at fault: the
 * picture itself is ordered by it in this machine code, and is not reported.
 *
 * Fix: an atomic flag, as in clean_flag.c; or a condition variable, which does
 * not burn the processor.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

static int picture[4];
static volatile bool is_loaded;

static void *load(void *unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++)
		picture[i] = i * i;
	is_loaded = true; /* HERE: sets */
	return NULL;
}

static void *paint(void *unused)
{
	(void)unused;
	while (!is_loaded) /* HERE: waits */
		sched_yield();
	for (int i = 0; i < 4; i++)
		printf("%d\n", picture[i]);
	return NULL;
}

int main(void)
{
	pthread_t loader, painter;

	pthread_create(&painter, NULL, paint, NULL);
	pthread_create(&loader, NULL, load, NULL);
	pthread_join(painter, NULL);
	pthread_join(loader, NULL);
	return 0;
}
