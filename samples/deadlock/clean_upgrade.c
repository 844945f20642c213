/*
 * The fixed twin of upgrade.c: the read lock is given back before the
 * write lock is asked for.
 *
 * In between another thread may have filled the cache, so the second look under
 * the write lock is not a luxury but part of the fix.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t cache_lock = PTHREAD_RWLOCK_INITIALIZER;
static int cached_value;

/* A miss is filled in on the way; 0 means missing. */
static int look_up(void)
{
	int value;

	pthread_rwlock_rdlock(&cache_lock); /* HERE: read */
	value = cached_value;
	if (!value) {
		pthread_rwlock_unlock(&cache_lock);
		pthread_rwlock_wrlock(&cache_lock); /* HERE: write */
		if (!cached_value)
			cached_value = 42;
		value = cached_value;
	}
	pthread_rwlock_unlock(&cache_lock);
	return value;
}

static void *answer_request(void *answer)
{
	*(int *)answer = look_up();
	return NULL;
}

int main(void)
{
	pthread_t clients[2];
	int answers[2];

	for (int client = 0; client < 2; client++)
		pthread_create(&clients[client], NULL, answer_request, &answers[client]);
	for (int client = 0; client < 2; client++)
		pthread_join(clients[client], NULL);
	printf("%d and %d\n", answers[0], answers[1]);
	return 0;
}
