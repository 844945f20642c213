/*
 * A read lock that its holder wants to make a write lock (deadlock).
 *
 * What happens: look_up() finds under the read lock that the entry is missing
 * and asks for the write lock to add it, still holding the read lock.  The
 * writer waits for all readers to leave; one of them is itself.
 *
 * Why: POSIX rwlocks cannot be upgraded, and none could do it safely: two
 * readers that both wanted to would wait for each other.
 *
 * See it: snarl run ./upgrade
 * Two stacks of one thread: where it reads, and where it wants to write.
 *
 * Fix: let go, lock for writing, and look again, because the world may have
 * changed in between: clean_upgrade.c.
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
