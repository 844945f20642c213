/*
 * The fixed twin of seqlock.c: the reader reads again until the sequence
 * was even and the same before and after.
 *
 * Its reads may still meet the writes.  What comes of that is thrown away, but
 * only atomics may meet at all, so the members are.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#define QUOTE_COUNT 100

struct quote {
	atomic_long bid, ask;
};

static atomic_uint sequence;
static struct quote quote = { 10, 12 };

static void *write_quotes(void *unused)
{
	(void)unused;
	for (int i = 0; i < QUOTE_COUNT; i++) {
		atomic_fetch_add(&sequence, 1);
		atomic_store_explicit(&quote.bid, 10 + i, memory_order_relaxed);
		atomic_store_explicit(&quote.ask, 12 + i, memory_order_relaxed);
		atomic_fetch_add(&sequence, 1);
	}
	return NULL;
}

static void *read_quote(void *argument)
{
	long *copy = argument;
	unsigned before, after;

	for (;;) {
		before = atomic_load(&sequence);
		copy[0] = atomic_load_explicit(&quote.bid, memory_order_relaxed);
		copy[1] = atomic_load_explicit(&quote.ask, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load(&sequence);
		if (before % 2 == 0 && before == after)
			return NULL;
		sched_yield();
	}
}

int main(void)
{
	long copy[2];
	pthread_t writer, reader;

	pthread_create(&writer, NULL, write_quotes, NULL);
	pthread_create(&reader, NULL, read_quote, copy);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	printf("ask - bid = %ld\n", copy[1] - copy[0]);
	return 0;
}
