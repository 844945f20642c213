/*
 * A relock that the mutex itself refuses (self-lock-refused, warning).
 *
 * What happens: add_twice() holds the list's lock and calls add(), which
 * locks it again.  The mutex is of the error-checking kind: the second lock
 * returns EDEADLK at once instead of hanging, and add() gives up.
 *
 * Why it is a warning: the program was told, and nothing hangs.  But a caller
 * who does not look at the result goes on without the lock, and here the
 * second entry is simply missing.
 *
 * See it: snarl run ./refused_relock
 * Where the lock was taken and where it was refused; status 0.
 *
 * Fix: an inner function that expects the lock: clean_refused_relock.c.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t list_lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static int list_sum, list_length;

/* Expects list_lock to be held. */
static void add_locked(int value)
{
	list_sum += value;
	list_length++;
}

static void add(int value)
{
	if (pthread_mutex_lock(&list_lock) != 0) /* HERE: refused */
		return;
	add_locked(value);
	pthread_mutex_unlock(&list_lock);
}

static void add_twice(int value)
{
	pthread_mutex_lock(&list_lock); /* HERE: first */
	add_locked(value);
	add(value); /* HERE: calls */
	pthread_mutex_unlock(&list_lock);
}

static void *fill_list(void *unused)
{
	(void)unused;
	add(1);
	add_twice(2);
	return NULL;
}

int main(void)
{
	pthread_t filler;

	pthread_create(&filler, NULL, fill_list, NULL);
	pthread_join(filler, NULL);
	printf("%d entries, sum %d\n", list_length, list_sum);
	return 0;
}
