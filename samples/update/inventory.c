/*
 * The last piece, sold twice (lost-update).
 *
 * What happens: one piece is in stock.  Both orders read the stock, find that
 * one is left, and write that none is left now.  Two customers wait for it.
 *
 * Why it is wrong: as in withdrawal.c the check is out of date.  Here
 * the new stock is made from the old reading too, so that the books look right
 * and nobody notices: a stock of -1 would have told.
 *
 * See it: snarl run ./inventory
 * The stale read, the write of the other order after it, and the write that
 * rests on the stale read.
 *
 * Fix: one critical section from the look to the write: clean_inventory.c.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static int stock = 1;

/* Two orders, at the same time. */
static pthread_barrier_t both_have_looked;

static bool sell_one(void)
{
	int left;

	pthread_mutex_lock(&stock_lock);
	left = stock; /* HERE: looks */
	pthread_mutex_unlock(&stock_lock);

	pthread_barrier_wait(&both_have_looked);
	if (left == 0)
		return false;

	pthread_mutex_lock(&stock_lock);
	stock = left - 1; /* HERE: sells */
	pthread_mutex_unlock(&stock_lock);
	return true;
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

	pthread_barrier_init(&both_have_looked, NULL, 2);
	for (int order = 0; order < 2; order++)
		pthread_create(&orders[order], NULL, take_order, &is_sold[order]);
	for (int order = 0; order < 2; order++)
		pthread_join(orders[order], NULL);
	pthread_barrier_destroy(&both_have_looked);
	printf("sold %d, left %d\n", is_sold[0] + is_sold[1], stock);
	return 0;
}
