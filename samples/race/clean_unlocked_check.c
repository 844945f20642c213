/*
 * The fixed twin of unlocked_check.c: the check is under the lock, and so
 * is everything that rests on it.
 */
#include <pthread.h>
#include <stdio.h>

#define CLOSED -1

static pthread_mutex_t connection_lock = PTHREAD_MUTEX_INITIALIZER;
static int connection = 7;

static int close_connection(void)
{
	int descriptor;

	pthread_mutex_lock(&connection_lock);
	descriptor = connection; /* HERE: checks */
	if (descriptor != CLOSED)
		connection = CLOSED; /* HERE: closes */
	pthread_mutex_unlock(&connection_lock);
	return descriptor;
}

static void *run_end(void *closed)
{
	*(int *)closed = close_connection();
	return NULL;
}

int main(void)
{
	pthread_t ends[2];
	int closed[2];

	for (int end = 0; end < 2; end++)
		pthread_create(&ends[end], NULL, run_end, &closed[end]);
	for (int end = 0; end < 2; end++)
		pthread_join(ends[end], NULL);
	printf("closed %d times\n", (closed[0] != CLOSED) + (closed[1] != CLOSED));
	return 0;
}
