/*
 * Three threads that write their letters under a lock: the order in which they did is
 * printed.  With an argument the thread of that letter computes before it begins.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define THREADS 3
#define COMPUTING_NS 5000000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char written[THREADS + 1];
static int length;
static char late;

static void compute(void)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec <
	       COMPUTING_NS);
}

static void *write_letter(void *letter)
{
	if (*(char *)letter == late)
		compute();
	pthread_mutex_lock(&lock);
	written[length++] = *(char *)letter;
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	char letters[] = "abc";
	pthread_t threads[THREADS];

	late = argc > 1 ? argv[1][0] : 0;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_letter, &letters[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts(written);
	return 0;
}
