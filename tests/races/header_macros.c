/*
 * Accesses by macros of a header that has nothing else.  Line tables do not list it, so it is
 * found by the directive that includes it.
 */
#include <sched.h>
#include <stddef.h>

#include "accessor_macros.h"
#include "cases.h"

struct meter {
	int count, set_count;
};

static struct meter named_meter;
static void *named_write(void *unused)
{
	set_count(&named_meter, 1);
	return unused;
}

static void *named_read(void *unused)
{
	if (count(&named_meter) == 1)
		sched_yield();
	return unused;
}

RACE(named)

static int shown_value;
static void *shown_write(void *unused)
{
	shown_value = IS_POSITIVE(sched_yield());
	return unused;
}

static void *shown_read(void *unused)
{
	return __builtin_expect(IS_POSITIVE(shown_value), 0) ? NULL : unused;
}

RACE(shown)

static struct meter whole_meter;
static void *whole_write(void *unused)
{
	METER_OF(&whole_meter.set_count)->count = __builtin_popcount(8 | (unsigned)sched_yield());
	return unused;
}

static void *whole_read(void *unused)
{
	unsigned seen = (unsigned)__builtin_ctz(METER_OF(&whole_meter.set_count)->count | 8);

	return seen ? unused : NULL;
}

RACE(whole)

static const struct race_case cases[] = {
	CASE(named, "data-race:warning?"),
	CASE(shown, "data-race:error"),
	CASE(whole, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
