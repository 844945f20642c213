/*
 * The fixed twin of two_mutexes.c: each queue has a condition of its own.
 */
#include <pthread.h>
#include <stdio.h>

struct queue {
	pthread_mutex_t lock;
	int item_count;
	int is_watched; /* its consumer has looked */
};

static struct queue orders = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct queue letters = {.lock = PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t order_arrived = PTHREAD_COND_INITIALIZER;
static pthread_cond_t letter_arrived = PTHREAD_COND_INITIALIZER;

static void take(struct queue *queue, pthread_cond_t *arrived)
{
	pthread_mutex_lock(&queue->lock);
	queue->is_watched = 1;
	while (queue->item_count == 0)
		pthread_cond_wait(arrived, &queue->lock); /* HERE: wait */
	queue->item_count--;
	pthread_mutex_unlock(&queue->lock);
}

static void put(struct queue *queue, pthread_cond_t *arrived)
{
	pthread_mutex_lock(&queue->lock);
	queue->item_count++;
	pthread_cond_broadcast(arrived);
	pthread_mutex_unlock(&queue->lock);
}

static void wait_until_watched(struct queue *queue)
{
	int is_watched = 0;

	while (!is_watched) {
		pthread_mutex_lock(&queue->lock);
		is_watched = queue->is_watched;
		pthread_mutex_unlock(&queue->lock);
	}
}

static void *take_order(void *unused)
{
	take(&orders, &order_arrived); /* HERE: order */
	return unused;
}

static void *take_letter(void *unused)
{
	take(&letters, &letter_arrived); /* HERE: letter */
	return unused;
}

int main(void)
{
	pthread_t order_taker, letter_taker;

	pthread_create(&order_taker, NULL, take_order, NULL);
	wait_until_watched(&orders);
	pthread_create(&letter_taker, NULL, take_letter, NULL);
	wait_until_watched(&letters);
	put(&orders, &order_arrived);
	put(&letters, &letter_arrived);
	pthread_join(order_taker, NULL);
	pthread_join(letter_taker, NULL);
	puts("both taken");
	return 0;
}
