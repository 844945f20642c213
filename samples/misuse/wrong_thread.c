/*
 * A mutex unlocked by a thread that did not lock it (unlock-not-owner).
 *
 * What happens: main opens a batch and locks it; the thread that closes the
 * batch unlocks it.
 *
 * Why it is wrong: a mutex belongs to the thread that locked it.  Unlocking
 * another's is undefined; with glibc's normal mutex it happens to work, with
 * the error-checking, recursive, robust and priority-inheriting ones it fails.
 *
 * See it: snarl run ./wrong_thread
 * The stack of the unlock, and that of the lock by the owner.
 *
 * Fix: what is handed from thread to thread is a semaphore, which has no
 * owner: clean_wrong_thread.c.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t batch_lock = PTHREAD_MUTEX_INITIALIZER;
static int batch_total;

static void open_batch(void)
{
	pthread_mutex_lock(&batch_lock); /* HERE: lock */
	batch_total = 0;
}

static void *close_batch(void *unused)
{
	(void)unused;
	batch_total += 7;
	pthread_mutex_unlock(&batch_lock); /* HERE: unlock */
	return NULL;
}

int main(void)
{
	pthread_t closer;

	open_batch();
	pthread_create(&closer, NULL, close_batch, NULL);
	pthread_join(closer, NULL);
	printf("batch of %d\n", batch_total);
	return 0;
}
