/*
 * A flag that is no atomic, and what it guards (data-race).
 *
 * What happens: the clerk looks now and then whether the price is ready.  It
 * may see the flag before the price, or a flag that the compiler keeps in a
 * register, and sells for nothing.
 *
 * Why it is wrong: a plain flag orders nothing.  So there are two races: one
 * of the flag, and one of the price that only the flag keeps apart.
 *
 * See it: snarl run ./ready
 * Both are errors.  Were the flag an atomic, both would be none.
 *
 * Fix: make the flag an atomic, as clean_ready.c does.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

static int ready;
static long price;

static void *set_price(void *unused)
{
	(void)unused;
	price = 250; /* HERE: sets */
	ready = 1; /* HERE: announces */
	return NULL;
}

static __attribute__((noinline)) bool sell(void)
{
	if (!ready) /* HERE: looks */
		return false;
	printf("sold for %ld\n", price); /* HERE: uses */
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
