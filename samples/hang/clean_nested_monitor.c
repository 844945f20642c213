/*
 * The fixed twin of nested_monitor.c: the consumer leaves the registry
 * before it waits, and holds nothing but the condition's own mutex then.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static int consumer_count, item_count;
static sem_t consumer_is_in;

static void *consume(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&registry_lock); /* HERE: consumer_holds */
	consumer_count++;
	sem_post(&consumer_is_in);
	pthread_mutex_unlock(&registry_lock);
	pthread_mutex_lock(&queue_lock);
	while (item_count == 0)
		pthread_cond_wait(&queue_filled, &queue_lock); /* HERE: consumer_waits */
	item_count--;
	pthread_mutex_unlock(&queue_lock);
	return NULL;
}

static void *produce(void *unused)
{
	(void)unused;
	sem_wait(&consumer_is_in);
	pthread_mutex_lock(&registry_lock); /* HERE: producer_waits */
	pthread_mutex_lock(&queue_lock);
	item_count += consumer_count;
	pthread_cond_signal(&queue_filled);
	pthread_mutex_unlock(&queue_lock);
	pthread_mutex_unlock(&registry_lock);
	return NULL;
}

int main(void)
{
	pthread_t consumer, producer;

	sem_init(&consumer_is_in, 0, 0);
	pthread_create(&consumer, NULL, consume, NULL);
	pthread_create(&producer, NULL, produce, NULL);
	pthread_join(consumer, NULL);
	pthread_join(producer, NULL);
	printf("%d items left\n", item_count);
	return 0;
}
