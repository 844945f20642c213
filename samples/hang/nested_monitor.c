/*
 * A lock held over a condition wait (hang: the nested monitor).
 *
 * What happens: the consumer takes registry_lock, then queue_lock, and waits
 * for work.  The wait lets go of queue_lock, but not of registry_lock.  The
 * producer must pass registry_lock to add work: it never gets there.
 *
 * Why: pthread_cond_wait releases one mutex.  Whatever else the caller holds
 * stays held for as long as nobody signals.
 *
 * See it: snarl run ./nested_monitor
 * Not a cycle of locks but a hang: the consumer waits for a signal, the only
 * thread that could send it waits for the consumer's lock.
 *
 * Fix: hold nothing but the condition's own mutex while waiting:
 * clean_nested_monitor.c leaves the registry before it waits.
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
	pthread_mutex_lock(&queue_lock);
	while (item_count == 0)
		pthread_cond_wait(&queue_filled, &queue_lock); /* HERE: consumer_waits */
	item_count--;
	pthread_mutex_unlock(&queue_lock);
	pthread_mutex_unlock(&registry_lock);
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
