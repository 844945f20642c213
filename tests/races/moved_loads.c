/*
 * RULES, 'Plain or atomic': loads that the compiler puts where the source has none.  clang
 * -O2 loads ahead of a loop what the loop uses in some of its rounds.
 */
#include "cases.h"

/* Each thread has an element of its own, and loads both. */
static long ahead_values[2];

static NOINLINE void ahead_count(long *values, int first, int last)
{
	for (int i = first; i <= last; i++)
		switch (i) {
		case 0:
			values[0]++;
			break;
		case 1:
			values[1]++;
			break;
		}
}

static void *ahead_write(void *unused)
{
	(void)unused;
	ahead_count(ahead_values, 0, 0);
	return NULL;
}

static void *ahead_read(void *unused)
{
	(void)unused;
	ahead_count(ahead_values, 1, 1);
	return NULL;
}

RACE(ahead)

/* This load goes ahead of the loop, too, but is needed. */
static long needed_value, needed_sum;

static void *needed_write(void *unused)
{
	(void)unused;
	needed_value = 7;
	return NULL;
}

static NOINLINE void needed_add(const long *value, int first, int last)
{
	for (int i = first; i <= last; i++) {
		needed_sum += *value;
		KEEP(first);
	}
}

static void *needed_read(void *unused)
{
	(void)unused;
	needed_add(&needed_value, 0, 3);
	return NULL;
}

RACE(needed)

/* One thread has one member of each point, and the other the other; vectors load both. */
struct point {
	int x, y;
};

static struct point beside_points[256];

static NOINLINE int beside_sum(const struct point *points)
{
	int sum = 0;

	for (int i = 0; i < 256; i++)
		sum += points[i].x;
	return sum;
}

static void *beside_write(void *unused)
{
	for (int i = 0; i < 256; i++)
		beside_points[i].y = i;
	return unused;
}

static void *beside_read(void *unused)
{
	return beside_sum(beside_points) ? unused : NULL;
}

RACE(beside)

/* The same member. */
static struct point within_points[256];

static NOINLINE int within_sum(const struct point *points)
{
	int sum = 0;

	for (int i = 0; i < 256; i++)
		sum += points[i].y;
	return sum;
}

static void *within_write(void *unused)
{
	for (int i = 0; i < 256; i++)
		within_points[i].y = i;
	return unused;
}

static void *within_read(void *unused)
{
	return within_sum(within_points) ? unused : NULL;
}

RACE(within)

static const struct race_case cases[] = {
	CASE(ahead, "data-race:warning?"),
	CASE(needed, "data-race:error"),
	CASE(beside, "data-race:warning?"),
	CASE(within, "data-race:error"),
};

int main(int argc, char **argv)
{
	return run_cases(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}
