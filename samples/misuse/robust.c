/*
 * A robust mutex, inherited and not repaired (abandoned-robust).
 *
 * What happens: the first teller ends in the middle of a transfer, holding the
 * lock.  The lock is robust, so the next one gets it together with EOWNERDEAD:
 * 'the data may be half done'.  He puts the data right, but forgets to say so
 * with pthread_mutex_consistent before he unlocks.
 *
 * Why it is wrong: an unlock without that call means 'beyond repair'.  From
 * then on every lock fails with ENOTRECOVERABLE.
 *
 * See it: snarl run ./robust
 * The stack of the lock that returned EOWNERDEAD and that of the unlock.
 *
 * Fix: repair the data, call pthread_mutex_consistent, unlock:
 * clean_robust.c.  The first teller's end is not a fault then: this is what
 * robust mutexes are for.
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
