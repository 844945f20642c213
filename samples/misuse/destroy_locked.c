/*
 * A mutex destroyed while a thread holds it (destroy-locked).
 *
 * What happens: close_store() tears the store down although the writer is
 * still at work inside.
 *
 * Why it is wrong: destroying a locked mutex is undefined.  glibc notices this
 * case and returns EBUSY, which nobody looks at; were the memory freed next,
 * the writer's unlock would write into somebody else's data.
 *
 * See it: snarl run ./destroy_locked
 * The stack of the destroy, and that of the lock by the thread that holds it.
 *
 * Fix: end the users first, then what they use: clean_destroy_locked.c joins
 * the writer before it destroys.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t store_lock;
static int record_count;
static sem_t writer_is_in, writer_may_go_on;

static void *write_records(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&store_lock); /* HERE: lock */
	sem_post(&writer_is_in);
	sem_wait(&writer_may_go_on);
	record_count++;
	pthread_mutex_unlock(&store_lock);
	return NULL;
}

static void close_store(pthread_t writer)
{
	pthread_mutex_destroy(&store_lock); /* HERE: destroy */
	sem_post(&writer_may_go_on);
	pthread_join(writer, NULL);
}

int main(void)
{
	pthread_t writer;

	pthread_mutex_init(&store_lock, NULL);
	sem_init(&writer_is_in, 0, 0);
	sem_init(&writer_may_go_on, 0, 0);
	pthread_create(&writer, NULL, write_records, NULL);
	sem_wait(&writer_is_in);
	close_store(writer); /* HERE: calls */
	printf("%d record\n", record_count);
	return 0;
}
