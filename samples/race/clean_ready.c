/*
 * The fixed twin of ready.c: the flag is an atomic, and orders what it guards.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static atomic_int ready;
static long price;

static void *set_price(void *unused)
{
	(void)unused;
	price = 250;
	atomic_store_explicit(&ready, 1, memory_order_release);
	return NULL;
}

static __attribute__((noinline)) bool sell(void)
{
	if (!atomic_load_explicit(&ready, memory_order_acquire))
		return false;
	printf("sold for %ld\n", price);
	return true;
}

static void *serve(void *unused)
{
	(void)unused;
	while (!sell())
		sched_yield();
	return NULL;
}

int main(void)
{
	pthread_t boss, clerk;

	pthread_create(&boss, NULL, set_price, NULL);
	pthread_create(&clerk, NULL, serve, NULL);
	pthread_join(boss, NULL);
	pthread_join(clerk, NULL);
	return 0;
}
