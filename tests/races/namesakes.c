/*
 * RULES, 'Plain or atomic', 12: members of one name, of which only some are atomic.  The
 * structure that is accessed decides, not what else has its name.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cases.h"

struct job {
	long number;
	bool ready;
	struct job *next;
};

struct queue {
	long number;
	_Atomic bool ready;
	_Atomic(struct job *) next;
};

static struct job *job;
static struct queue *queue;
static volatile long sink, source;

static void run_on_heap(void *(*first)(void *), void *(*second)(void *))
{
	job = calloc(1, sizeof(*job));
	queue = calloc(1, sizeof(*queue));
	run_both(first, second, NULL);
	free(job);
	free(queue);
}

static void *plain_write(void *unused)
{
	job->ready = true;
	return unused;
}

static void *plain_read(void *unused)
{
	await_first();
	sink = job->ready;
	return unused;
}

static void plain_case(void)
{
	run_on_heap(plain_write, plain_read);
}

static void *pointer_write(void *unused)
{
	job->next = job;
	return unused;
}

static void *pointer_read(void *unused)
{
	await_first();
	if (job->next)
		sink = 1;
	return unused;
}

static void pointer_case(void)
{
	run_on_heap(pointer_write, pointer_read);
}

/* Right: the atomic ones are accessed. */
static void *atomic_write(void *unused)
{
	queue->ready = true;
	queue->next = job;
	return unused;
}

static void *atomic_read(void *unused)
{
	await_first();
	sink = queue->ready;
	if (queue->next)
		sink = 1;
	return unused;
}

static void atomic_case(void)
{
	run_on_heap(atomic_write, atomic_read);
}

static void *chosen_write(void *unused)
{
	if (source)
		job->ready = true;
	else
		queue->ready = true;
	return unused;
}

static void *chosen_read(void *unused)
{
	await_first();
	sink = source ? job->ready : queue->ready;
	return unused;
}

static void chosen_case(void)
{
	run_on_heap(chosen_write, chosen_read);
}

static const struct race_case cases[] = {
	CASE(plain, "data-race:error"),
	CASE(pointer, "data-race:error"),
	CASE(atomic, "silent"),
	CASE(chosen, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
