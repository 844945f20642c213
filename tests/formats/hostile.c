/*
 * A race with a hostile name: of a thread, and by its path of the source (run_formats
 * copies it to one).
 */
#define _GNU_SOURCE
#include <pthread.h>

static long shared;

static void *run(void *name)
{
	pthread_setname_np(pthread_self(), name);
	shared++;
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, run, "\n::error::<b>&\"");
	pthread_create(&threads[1], NULL, run, "\x1b[31m](x)\xff%0A");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
