/*
 * A ring between two threads with volatile counters (unmarked-sync, note).
 *
 * What happens: the producer waits for room and adds, the consumer waits for
 * items and takes.  Each counter has one writer, so no update is lost.
 *
 * Why it is wrong: as in flag.c 'volatile' orders nothing else.  The
 * compiler, or another processor than this one, may move the store of an item
 * after the store of the counter that announces it.
 *
 * See it: snarl run ./ring
 * A note for each counter.  The items are ordered by the counters and are not
 * reported.
 *
 * Fix: atomic counters, stored with release and loaded with acquire:
 * clean_ring.c.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define CAPACITY 4
#define ITEM_COUNT 100

static int items[CAPACITY];
static volatile unsigned sent_count, received_count;

static void *produce(void *unused)
{
	(void)unused;
	for (unsigned sent = 0; sent < ITEM_COUNT; sent++) {
		while (sent - received_count == CAPACITY) /* HERE: waits_for_room */
			sched_yield();
		items[sent % CAPACITY] = (int)sent;
		sent_count = sent + 1; /* HERE: sends */
	}
	return NULL;
}

static void *consume(void *unused)
{
	int sum = 0;

	(void)unused;
	for (unsigned received = 0; received < ITEM_COUNT; received++) {
		while (sent_count == received) /* HERE: waits_for_item */
			sched_yield();
		sum += items[received % CAPACITY];
		received_count = received + 1; /* HERE: takes */
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
