/*
 * RULES, 'Happens-before': a box that pointers are posted in, by moves, time and again.
 */
#include <sched.h>

#include "items.h"

typedef _Atomic(struct item *) box;

static void await_empty(box *from)
{
	while (LOAD(*from, acquire))
		sched_yield();
}

static struct item *new_item(void)
{
	struct item *item = malloc(sizeof *item);

	MUST(item);
	item->first = 0;
	return item;
}

/* Posted before it is written to. */
static box posted_early_box;

static void *posted_early_write(void *unused)
{
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		struct item *item = new_item();

		await_empty(&posted_early_box);
		STORE(posted_early_box, item, release);
		item->second = i;
	}
	return unused;
}

static void *posted_early_read(void *unused)
{
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		struct item *item;

		while (!(item = LOAD(posted_early_box, acquire)))
			sched_yield();
		if (item->second == -1)
			sched_yield();
		STORE(posted_early_box, NULL, release);
	}
	return unused;
}

RACE(posted_early)

/* Posted when it is written. */
static box posted_then_box;

static void *posted_then_write(void *unused)
{
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		struct item *item = new_item();

		await_empty(&posted_then_box);
		item->second = i;
		STORE(posted_then_box, item, release);
	}
	return unused;
}

static void *posted_then_read(void *unused)
{
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		struct item *item;

		while (!(item = LOAD(posted_then_box, acquire)))
			sched_yield();
		item->second++;
		STORE(posted_then_box, NULL, release);
	}
	return unused;
}

RACE(posted_then)

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(posted_early, "data-race:error"),
		CASE(posted_then, "silent"),
	};

	return RUN_CASES(cases, argc, argv);
}
