/*
 * A thread that locks what it already holds (deadlock of one thread).
 *
 * What happens: sell() locks the stock and calls count_stock(), which locks
 * the stock too.  The thread waits for itself.
 *
 * Why: a normal mutex does not know its owner; a second lock waits like any
 * stranger's.  It is found late because it needs a path through two functions
 * that are both right on their own, here the one where the shelf runs empty.
 *
 * See it: snarl run ./relock
 * Two stacks: where the thread took the lock, and where it wants it again.
 *
 * Fix: split the public function that locks from the inner one that expects
 * the lock to be held.  clean_relock.c calls the inner one.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static int on_shelf = 1, in_store = 5;

/* Expects stock_lock to be held. */
static int count_stock_locked(void)
{
	return on_shelf + in_store;
}

static int count_stock(void)
{
	int count;

	pthread_mutex_lock(&stock_lock); /* HERE: again */
	count = count_stock_locked();
	pthread_mutex_unlock(&stock_lock);
	return count;
}

static void sell(void)
{
	pthread_mutex_lock(&stock_lock); /* HERE: first */
	on_shelf--;
	if (on_shelf == 0)
		printf("the shelf is empty, %d left\n", count_stock()); /* HERE: calls */
	pthread_mutex_unlock(&stock_lock);
}

static void *run_till(void *unused)
{
	(void)unused;
	sell();
	return NULL;
}

int main(void)
{
	pthread_t till;

	pthread_create(&till, NULL, run_till, NULL);
	pthread_join(till, NULL);
	printf("%d left in the evening\n", count_stock());
	return 0;
}
