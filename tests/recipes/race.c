/* A test that passes, and has a race. */
#include <pthread.h>

static int count;

static void *count_up(void *unused)
{
	for (int i = 0; i < 1000; i++)
		count++;
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], 0, count_up, 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], 0);
	return 0;
}
