/* An object is freed while others may use it, in several functions: one bug. */
#include <pthread.h>
#include <stdlib.h>

struct order {
	long number, price, count;
};

static struct order *order;
static long sums[3];

static __attribute__((noinline)) void read_number(void)
{
	sums[0] = order->number;
}

static __attribute__((noinline)) void read_price(void)
{
	sums[1] = order->price;
}

static __attribute__((noinline)) void read_count(void)
{
	sums[2] = order->count;
}

static void *look(void *argument)
{
	read_number();
	read_price();
	read_count();
	return argument;
}

int main(void)
{
	pthread_t thread;

	order = calloc(1, sizeof(*order));
	pthread_create(&thread, NULL, look, NULL);
	free(order);
	pthread_join(thread, NULL);
	return 0;
}
