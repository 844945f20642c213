/*
 * The fixed twin of stack.c: the new top is stored by compare and exchange.
 *
 * If another push came in between, it stores nothing, and writes what the top
 * is now into node->next, for the next try.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PUSH_COUNT 50

struct node {
	struct node *next;
	int value;
};

static _Atomic(struct node *) top;

static void push(int value)
{
	struct node *node = malloc(sizeof *node);

	if (!node)
		abort();
	node->value = value;
	node->next = atomic_load(&top);
	while (!atomic_compare_exchange_weak(&top, &node->next, node))
		continue;
}

static void *push_many(void *unused)
{
	(void)unused;
	for (int value = 0; value < PUSH_COUNT; value++)
		push(value);
	return NULL;
}

int main(void)
{
	pthread_t pushers[2];
	int count = 0;

	for (int pusher = 0; pusher < 2; pusher++)
		pthread_create(&pushers[pusher], NULL, push_many, NULL);
	for (int pusher = 0; pusher < 2; pusher++)
		pthread_join(pushers[pusher], NULL);
	while (top) {
		struct node *node = top;

		top = node->next;
		free(node);
		count++;
	}
	printf("%d of %d nodes\n", count, 2 * PUSH_COUNT);
	return 0;
}
