/*
 * The fixed twin of wrong_thread.c: the batch is guarded by a semaphore
 * of one unit.
 *
 * A semaphore has no owner, so one thread may take it and another give it back.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t batch_slot;
static int batch_total;

static void open_batch(void)
{
	sem_wait(&batch_slot); /* HERE: lock */
	batch_total = 0;
}

static void *close_batch(void *unused)
{
	(void)unused;
	batch_total += 7;
	sem_post(&batch_slot); /* HERE: unlock */
	return NULL;
}

int main(void)
{
	pthread_t closer;

	sem_init(&batch_slot, 0, 1);
	open_batch();
	pthread_create(&closer, NULL, close_batch, NULL);
	pthread_join(closer, NULL);
	printf("batch of %d\n", batch_total);
	return 0;
}
