/*
 * The fixed twin of robust.c: the heir of the lock repairs the data and
 * says so before he unlocks.
 *
 * That a thread ends holding a robust lock is no fault as long as the next one
 * recovers: this program is silent.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t till_lock;
static int taken_out, put_in;

static void *crash_in_transfer(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&till_lock);
	taken_out += 5;
	return NULL;
}

/* Returns 0 or the error of the lock. */
static int finish_transfer(void)
{
	int error = pthread_mutex_lock(&till_lock); /* HERE: inherits */

	if (error == EOWNERDEAD) {
		put_in = taken_out;
		pthread_mutex_consistent(&till_lock);
		error = 0;
	}
	if (error == 0)
		pthread_mutex_unlock(&till_lock); /* HERE: gives_up */
	return error;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t teller;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&till_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	pthread_create(&teller, NULL, crash_in_transfer, NULL);
	pthread_join(teller, NULL);
	finish_transfer(); /* HERE: calls */
	if (finish_transfer() == ENOTRECOVERABLE)
		puts("the till is closed for good");
	printf("%d out, %d in\n", taken_out, put_in);
	pthread_mutex_destroy(&till_lock);
	return 0;
}
