/*
 * The fixed twin of ring.c: an item is stored, then the counter that
 * announces it, with release; who loads the counter with acquire sees the item.
 * The same the other way round for the room.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#define CAPACITY 4
#define ITEM_COUNT 100

static int items[CAPACITY];
static atomic_uint sent_count, received_count;

static void *produce(void *unused)
{
	(void)unused;
	for (unsigned sent = 0; sent < ITEM_COUNT; sent++) {
		while (sent - atomic_load_explicit(&received_count, memory_order_acquire) == CAPACITY)
			sched_yield();
		items[sent % CAPACITY] = (int)sent;
		atomic_store_explicit(&sent_count, sent + 1, memory_order_release);
	}
	return NULL;
}

static void *consume(void *unused)
{
	int sum = 0;

	(void)unused;
	for (unsigned received = 0; received < ITEM_COUNT; received++) {
		while (atomic_load_explicit(&sent_count, memory_order_acquire) == received)
			sched_yield();
		sum += items[received % CAPACITY];
		atomic_store_explicit(&received_count, received + 1, memory_order_release);
	}
	printf("sum %d\n", sum);
	return NULL;
}

int main(void)
{
	pthread_t producer, consumer;

	pthread_create(&producer, NULL, produce, NULL);
	pthread_create(&consumer, NULL, consume, NULL);
	pthread_join(producer, NULL);
	pthread_join(consumer, NULL);
	return 0;
}
