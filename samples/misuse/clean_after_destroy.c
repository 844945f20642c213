/*
 * The fixed twin of after_destroy.c: the client is joined before the
 * cache is closed.
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
	sem_post(&client_may_come);
	pthread_join(client, NULL);
	close_cache();
	printf("%d hits\n", hit_count);
	return 0;
}
