/*
 * Races of plain accesses of word size or less, as C spells them: of values of many types.  Their
 * machine code could be that of atomics; the source says that they are none, so each is an error
 * at every level of optimisation.  plain_places.c has the ways to a value.
 */
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "cases.h"

#define LIMIT 5

static size_t measure_length(void)
{
	return sizeof(int) + (getpid() > 1);
}

static int number_value;
static void *number_write(void *unused)
{
	(void)unused;
	number_value = 1;
	return NULL;
}

static void *number_read(void *unused)
{
	(void)unused;
	if (number_value == 1)
		sched_yield();
	return NULL;
}

RACE(number)

static bool flag_value;
static void *flag_write(void *unused)
{
	(void)unused;
	flag_value = true;
	return NULL;
}

static void *flag_read(void *unused)
{
	(void)unused;
	if (flag_value)
		sched_yield();
	return NULL;
}

RACE(flag)

static char small_value;
static void *small_write(void *unused)
{
	(void)unused;
	small_value = 'x';
	return NULL;
}

static void *small_read(void *unused)
{
	(void)unused;
	if (small_value == 'x')
		sched_yield();
	return NULL;
}

RACE(small)

static long long wide_value;
static void *wide_write(void *unused)
{
	(void)unused;
	wide_value = 1ll << 40;
	return NULL;
}

static void *wide_read(void *unused)
{
	(void)unused;
	if (wide_value > LIMIT)
		sched_yield();
	return NULL;
}

RACE(wide)

static double real_value;
static void *real_write(void *unused)
{
	(void)unused;
	real_value = 1.5;
	return NULL;
}

static void *real_read(void *unused)
{
	(void)unused;
	if (real_value > 1.0)
		sched_yield();
	return NULL;
}

RACE(real)

static int pointer_target, *pointer_value;
static void *pointer_write(void *unused)
{
	(void)unused;
	pointer_value = &pointer_target;
	return NULL;
}

static void *pointer_read(void *unused)
{
	(void)unused;
	if (pointer_value)
		sched_yield();
	return NULL;
}

RACE(pointer)

static struct flags { unsigned ready : 1, busy : 1; } bits_value;
static void *bits_write(void *unused)
{
	(void)unused;
	bits_value.ready = 1;
	return NULL;
}

static void *bits_read(void *unused)
{
	(void)unused;
	if (bits_value.busy)
		sched_yield();
	return NULL;
}

RACE(bits)

static long added_value;
static void *added_write(void *unused)
{
	(void)unused;
	added_value += 3;
	return NULL;
}

static void *added_read(void *unused)
{
	(void)unused;
	if (added_value > 2)
		sched_yield();
	return NULL;
}

RACE(added)

static int chosen_value;
static void *chosen_write(void *unused)
{
	(void)unused;
	chosen_value = getpid() > 1 ? 5 : 6;
	return NULL;
}

static void *chosen_read(void *unused)
{
	(void)unused;
	if (chosen_value == LIMIT)
		sched_yield();
	return NULL;
}

RACE(chosen)

static char cleared_value[6];
static void *cleared_write(void *unused)
{
	(void)unused;
	memset(cleared_value, 1, measure_length());
	return NULL;
}

static void *cleared_read(void *unused)
{
	(void)unused;
	if (cleared_value[3])
		sched_yield();
	return NULL;
}

RACE(cleared)

static enum state { IDLE, BUSY } enumerated_value;
static void *enumerated_write(void *unused)
{
	(void)unused;
	enumerated_value = BUSY;
	return NULL;
}

static void *enumerated_read(void *unused)
{
	(void)unused;
	if (enumerated_value == BUSY)
		sched_yield();
	return NULL;
}

RACE(enumerated)

static const struct race_case cases[] = {
	CASE(number, "data-race:error"),
	CASE(flag, "data-race:error"),
	CASE(small, "data-race:error"),
	CASE(wide, "data-race:error"),
	CASE(real, "data-race:error"),
	CASE(pointer, "data-race:error"),
	CASE(bits, "data-race:error"),
	CASE(added, "data-race:error"),
	CASE(chosen, "data-race:error"),
	CASE(cleared, "data-race:error"),
	CASE(enumerated, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
