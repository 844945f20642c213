/*
 * A wake-up taken for what was waited for (wait-without-loop).
 *
 * What happens: two cooks wait for an order.  One order comes, and both are
 * woken; the second finds it gone, but takes it all the same.
 *
 * Why it is wrong: between a wake-up and the return of the wait others may have
 * the mutex, and a wait may return for no reason.  The count goes below zero.
 *
 * See it: snarl run ./wait_once
 * A warning with the look at the count, the wait, and the change.
 *
 * Fix: look again after each wake-up: clean_wait_once.c.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t order_came = PTHREAD_COND_INITIALIZER;
static pthread_cond_t cook_came = PTHREAD_COND_INITIALIZER;
static int order_count, cook_count;

static void *cook(void *unused)
{
	pthread_mutex_lock(&kitchen);
	cook_count++;
	pthread_cond_signal(&cook_came);
	if (order_count == 0) /* HERE: look */
		pthread_cond_wait(&order_came, &kitchen); /* HERE: wait */
	order_count--; /* HERE: take */
	pthread_mutex_unlock(&kitchen);
	return unused;
}

static void order(int count)
{
	pthread_mutex_lock(&kitchen);
	while (cook_count < 2)
		pthread_cond_wait(&cook_came, &kitchen);
	order_count += count;
	pthread_cond_broadcast(&order_came);
	pthread_mutex_unlock(&kitchen);
}

int main(void)
{
	pthread_t cooks[2];

	pthread_create(&cooks[0], NULL, cook, NULL);
	pthread_create(&cooks[1], NULL, cook, NULL);
	order(1);
	pthread_join(cooks[0], NULL);
	pthread_join(cooks[1], NULL);
	printf("%d orders are left\n", order_count);
	return 0;
}
