/*
 * The fixed twin of flag.c: the flag is atomic, and its type says so.
 *
 * The store releases the picture, the load acquires it.  The machine code is
 * the same as before; but now the compiler has to leave it like that.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static int picture[4];
static atomic_bool is_loaded;

static void *load(void *unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++)
		picture[i] = i * i;
	atomic_store_explicit(&is_loaded, true, memory_order_release);
	return NULL;
}

static void *paint(void *unused)
{
	(void)unused;
	while (!atomic_load_explicit(&is_loaded, memory_order_acquire))
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
