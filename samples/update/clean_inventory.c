/*
 * The fixed twin of inventory.c: the lock is held from the look at the
 * stock to the write, so the second order sees what the first has left.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static int stock = 1;

/* Two orders, at the same time. */
static pthread_barrier_t both_have_come;

static bool sell_one(void)
{
	int left;

	pthread_barrier_wait(&both_have_come);

	pthread_mutex_lock(&stock_lock);
	left = stock; /* HERE: looks */
	if (left > 0)
		stock = left - 1; /* HERE: sells */
	pthread_mutex_unlock(&stock_lock);
	return left > 0;
}

static void *take_order(void *is_sold)
{
	*(bool *)is_sold = sell_one();
	return NULL;
}

int main(void)
{
	pthread_t orders[2];
	bool is_sold[2];

	pthread_barrier_init(&both_have_come, NULL, 2);
	for (int order = 0; order < 2; order++)
		pthread_create(&orders[order], NULL, take_order, &is_sold[order]);
	for (int order = 0; order < 2; order++)
		pthread_join(orders[order], NULL);
	pthread_barrier_destroy(&both_have_come);
	printf("sold %d, left %d\n", is_sold[0] + is_sold[1], stock);
	return 0;
}
