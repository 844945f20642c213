/*
 * One condition waited for with two mutexes at once (wait-two-mutexes).
 *
 * What happens: two queues have a mutex each, but share one condition.  The
 * consumers of both wait at it at the same time, each with its own mutex.
 *
 * Why it is wrong: while a thread waits, a condition belongs to that thread's
 * mutex; what a wait with another one does is undefined.  A wake-up for one
 * queue may also go to the consumer of the other, and is lost.
 *
 * See it: snarl run ./two_mutexes
 * Both waits, and the mutex that each of them gives up.
 *
 * Fix: a condition for each queue: clean_two_mutexes.c.
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
	take(&letters, &order_arrived); /* HERE: letter */
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
	put(&letters, &order_arrived);
	pthread_join(order_taker, NULL);
	pthread_join(letter_taker, NULL);
	puts("both taken");
	return 0;
}
