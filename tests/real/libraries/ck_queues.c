/*
 * Concurrency Kit's rings, stack and queue, and blocks that its epochs free.
 *
 * needs: /usr/include/ck_ring.h
 * build: -lck
 */
#include <ck_epoch.h>
#include <ck_ring.h>
#include <ck_stack.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKERS 3
#define TURNS 300

struct node {
	ck_epoch_entry_t epoch;
	ck_stack_entry_t stack;
	long value;
};

CK_EPOCH_CONTAINER(struct node, epoch, node_of_epoch)
CK_STACK_CONTAINER(struct node, stack, node_of_stack)

static ck_ring_t pair_ring, many_ring;
static ck_ring_buffer_t pair_buffer[64], many_buffer[64];
static ck_epoch_t epoch;
static ck_stack_t stack = CK_STACK_INITIALIZER;

static void free_node(ck_epoch_entry_t *entry)
{
	struct node *node = node_of_epoch(entry);

	node->value = -1;
	free(node);
}

static long pop_node(ck_epoch_record_t *record)
{
	ck_stack_entry_t *entry;
	struct node *node;
	long value;

	ck_epoch_begin(record, NULL);
	entry = ck_stack_pop_upmc(&stack);
	ck_epoch_end(record, NULL);
	if (!entry)
		return 0;
	node = node_of_stack(entry);
	value = node->value;
	ck_epoch_call(record, &node->epoch, free_node);
	return value;
}

static void *use_stack(void *unused)
{
	ck_epoch_record_t *record = malloc(sizeof(*record));
	long sum = 0;

	ck_epoch_register(&epoch, record, NULL);
	for (int turn = 0; turn < TURNS; turn++) {
		struct node *node = malloc(sizeof(*node));

		node->value = turn;
		ck_stack_push_upmc(&stack, &node->stack);
		sum += pop_node(record);
		if (turn % 50 == 0)
			ck_epoch_barrier(record);
	}
	ck_epoch_barrier(record);
	return (void *)(unused ? 0 : sum);
}

static void *fill_rings(void *unused)
{
	for (long turn = 1; turn <= TURNS; turn++) {
		long *value = malloc(sizeof(*value)), *other = malloc(sizeof(*other));

		*value = *other = turn;
		while (!ck_ring_enqueue_spsc(&pair_ring, pair_buffer, value))
			sched_yield();
		while (!ck_ring_enqueue_mpmc(&many_ring, many_buffer, other))
			sched_yield();
	}
	return unused;
}

static void *drain_rings(void *unused)
{
	long sum = 0;
	void *value;

	(void)unused;
	for (int turn = 0; turn < TURNS; turn++) {
		while (!ck_ring_dequeue_spsc(&pair_ring, pair_buffer, &value))
			sched_yield();
		sum += *(long *)value;
		free(value);
		while (!ck_ring_dequeue_mpmc(&many_ring, many_buffer, &value))
			sched_yield();
		sum += *(long *)value;
		free(value);
	}
	return (void *)sum;
}

int main(void)
{
	pthread_t threads[WORKERS + 2];
	long sum = 0;

	ck_ring_init(&pair_ring, 64);
	ck_ring_init(&many_ring, 64);
	ck_epoch_init(&epoch);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, use_stack, NULL);
	pthread_create(&threads[WORKERS], NULL, fill_rings, NULL);
	pthread_create(&threads[WORKERS + 1], NULL, drain_rings, NULL);
	for (int i = 0; i < WORKERS + 2; i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	printf("%ld\n", sum);
	return 0;
}
