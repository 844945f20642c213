/*
 * A mutex used after it was destroyed (lock-destroyed).
 *
 * What happens: main closes the cache and destroys its lock; a late client
 * comes and locks it.
 *
 * Why it is wrong: after the destroy the lock's memory may serve anything
 * else.  glibc leaves a mark and returns EINVAL, which nobody looks at: the
 * client goes on without the lock.
 *
 * See it: snarl run ./after_destroy
 * The stack of the use, and that of the destroy.
 *
 * Fix: end the users first, then what they use: clean_after_destroy.c joins
 * the client before it destroys.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t cache_lock;
static int hit_count;
static sem_t client_may_come;

static void *use_cache(void *unused)
{
	(void)unused;
	sem_wait(&client_may_come);
	pthread_mutex_lock(&cache_lock); /* HERE: lock */
	hit_count++;
	pthread_mutex_unlock(&cache_lock);
	return NULL;
}

static void close_cache(void)
{
	pthread_mutex_destroy(&cache_lock); /* HERE: destroy */
	hit_count = 0;
}

int main(void)
{
	pthread_t client;

	pthread_mutex_init(&cache_lock, NULL);
	sem_init(&client_may_come, 0, 0);
	pthread_create(&client, NULL, use_cache, NULL);
	close_cache();
	sem_post(&client_may_come);
	pthread_join(client, NULL);
	printf("%d hits\n", hit_count);
	return 0;
}
