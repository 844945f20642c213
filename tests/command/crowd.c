/* 37 threads that wait for ever: at one condition, or, with an argument, two at another. */
#include <pthread.h>

#define THREADS 37

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static pthread_cond_t other_news = PTHREAD_COND_INITIALIZER;

static void *wait_for_news(void *condition)
{
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(condition, &lock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	(void)argv;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, wait_for_news,
			       argc > 1 && i < 2 ? &other_news : &news);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
