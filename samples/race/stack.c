/*
 * A linked stack that two threads push to without a lock (data-race).
 *
 * What happens: push() makes the new node point to the top, then makes it the
 * top.  If another push comes in between, its node is no longer on the stack.
 *
 * Why it is wrong: the new top is only right as long as the old one is what its
 * 'next' says.
 *
 * See it: snarl run ./stack
 * The writes of the top by both threads.  As relaxed atomics, with the same
 * machine code, they would lose the node all the same.
 *
 * Fix: compare and exchange, which stores the new top only if the old one still
 * is what the node points to: clean_stack.c, as R. K. Treiber did it in 1986.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PUSH_COUNT 50

struct node {
	struct node *next;
	int value;
};

static struct node *top;

static void push(int value)
{
	struct node *node = malloc(sizeof *node);

	if (!node)
		abort();
	node->value = value;
	node->next = top; /* HERE: reads_top */
	top = node;	  /* HERE: writes_top */
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
