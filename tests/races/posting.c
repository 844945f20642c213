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

/* A flag and its data beside each other, in one granule. */
struct letter {
	atomic_int flag;
	int text;
};

static struct letter told_early_letter __attribute__((aligned(8)));

static void *told_early_write(void *unused)
{
	for (int i = 1; i <= 10 * ITEM_COUNT; i++) {
		while (LOAD(told_early_letter.flag, acquire))
			sched_yield();
		STORE(told_early_letter.flag, i, release);
		told_early_letter.text = i;
	}
	return unused;
}

static void *told_early_read(void *unused)
{
	for (int i = 1; i <= 10 * ITEM_COUNT; i++) {
		while (LOAD(told_early_letter.flag, acquire) != i)
			sched_yield();
		if (told_early_letter.text == -1)
			sched_yield();
		STORE(told_early_letter.flag, 0, release);
	}
	return unused;
}

RACE(told_early)

static struct letter told_then_letter __attribute__((aligned(8)));

static void *told_then_write(void *unused)
{
	for (int i = 1; i <= 10 * ITEM_COUNT; i++) {
		while (LOAD(told_then_letter.flag, acquire))
			sched_yield();
		told_then_letter.text = i;
		STORE(told_then_letter.flag, i, release);
	}
	return unused;
}

static void *told_then_read(void *unused)
{
	for (int i = 1; i <= 10 * ITEM_COUNT; i++) {
		while (LOAD(told_then_letter.flag, acquire) != i)
			sched_yield();
		MUST(told_then_letter.text == i);
		STORE(told_then_letter.flag, 0, release);
	}
	return unused;
}

RACE(told_then)

/* Told once, by a flag beside what was written just before: what comes later was not told. */
static struct letter single_early_letter __attribute__((aligned(8)));
static long single_early_answer;

static void *single_early_write(void *unused)
{
	single_early_letter.text = 1;
	STORE(single_early_letter.flag, 1, release);
	single_early_answer = 2 + (unused != NULL); /* else clang makes it a truth value */
	return unused;
}

static void *single_early_read(void *unused)
{
	while (!LOAD(single_early_letter.flag, acquire))
		sched_yield();
	if (single_early_letter.text + single_early_answer == 12345)
		sched_yield();
	return unused;
}

RACE(single_early)

static struct letter single_then_letter __attribute__((aligned(8)));
static long single_then_answer;

static void *single_then_write(void *unused)
{
	single_then_answer = 2;
	single_then_letter.text = 1;
	STORE(single_then_letter.flag, 1, release);
	return unused;
}

static void *single_then_read(void *unused)
{
	while (!LOAD(single_then_letter.flag, acquire))
		sched_yield();
	MUST(single_then_letter.text + single_then_answer == 3);
	return unused;
}

RACE(single_then)

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(posted_early, "data-race:error"),
		CASE(posted_then, "silent"),
		CASE(told_early, "data-race:error"),
		CASE(told_then, "silent"),
		CASE(single_early, "data-race:error"),
		CASE(single_then, "silent"),
	};

	return RUN_CASES(cases, argc, argv);
}
