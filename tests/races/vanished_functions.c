/*
 * Functions of which nothing is left in the code: clang leaves them out of debug information, but
 * the file defines them.
 *
 * Options: -Dtaken(p)=__atomic_load_n(&(p),2) -Dgiven(p)=__atomic_store_n(&(p),1,3)
 */
#include <sched.h>

#include "cases.h"

struct meter {
	int count;
};

static int results;

static int same(int number)
{
	return number;
}

static struct meter *meter_of(struct meter *meter)
{
	return meter;
}

static int passed_value;
static void *passed_write(void *unused)
{
	passed_value = same(4);
	return unused;
}

static void *passed_read(void *unused)
{
	results = same(passed_value);
	return unused;
}

RACE(passed)

static struct meter reached_meter;
static void *reached_write(void *unused)
{
	meter_of(&reached_meter)->count = 4;
	return unused;
}

static void *reached_read(void *unused)
{
	results = meter_of(&reached_meter)->count;
	return unused;
}

RACE(reached)

/* This is not compiled, as macros are in its place that cannot be read. */
#ifndef taken
static int taken(int number)
{
	return number;
}

static void given(int number)
{
	results = number;
}
#endif

static int conditional_value;
static void *conditional_write(void *unused)
{
	given(conditional_value);
	return unused;
}

static void *conditional_read(void *unused)
{
	results = taken(conditional_value);
	return unused;
}

RACE(conditional)

static const struct race_case cases[] = {
	CASE(passed, "data-race:error"),
	CASE(reached, "data-race:error"),
	CASE(conditional, "data-race:warning"),
};

int main(int argc, char **argv)
{
	KEEP(results);
	return RUN_CASES(cases, argc, argv);
}
