/*
 * A race and an order of locks with hostile names: of threads, and by the path of the
 * source, to which run_formats copies it.
 */
#define _GNU_SOURCE
#include <pthread.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
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
	pthread_mutex_lock(&first);
	pthread_mutex_lock(&second);
	pthread_mutex_unlock(&second);
	pthread_mutex_unlock(&first);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
