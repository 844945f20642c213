/*
 * The fixed twin of refused_relock.c: add_twice() holds the lock and
 * calls the inner function, so both entries arrive.
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
	add_locked(value);
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
