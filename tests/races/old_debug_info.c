/*
 * Atomics of C that debug information says nothing of, as none before DWARF 5 does.
 *
 * Options: -gdwarf-4
 */
#include <sched.h>

#include "cases.h"

typedef _Atomic int own_count;

static own_count named_value;
static void *named_write(void *unused)
{
	named_value = 1;
	return unused;
}

static void *named_read(void *unused)
{
	if (named_value)
		sched_yield();
	return unused;
}

RACE(named)

static struct node {
	struct node *next;
	_Atomic double weight;
} *_Atomic linked_first, linked_node;

static void *linked_write(void *unused)
{
	linked_node.weight = 1.5;
	linked_first = &linked_node;
	return unused;
}

static void *linked_read(void *unused)
{
	for (struct node *node = linked_first; node; node = node->next)
		if (node->weight > 2)
			sched_yield();
	return unused;
}

RACE(linked)

static const struct race_case cases[] = {
	CASE(named, "data-race:warning?"),
	CASE(linked, "data-race:warning?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
