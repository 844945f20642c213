/*
 * RULES, 'Plain or atomic', 4 and 12: volatile is what is accessed, or what a pointer to volatile
 * data leads to.  A volatile variable in the same statement makes nothing else volatile.
 */
#include <sched.h>

#include "cases.h"

typedef volatile int device_word;

struct meter {
	int count;
};

struct device {
	volatile int level;
	int other;
};

static volatile int sink, source;
static int results;

static int stored_value;
static void *stored_write(void *unused)
{
	stored_value = source + 1;
	return unused;
}

static void *stored_read(void *unused)
{
	sink = stored_value;
	return unused;
}

RACE(stored)

static struct meter member_meter;
static void *member_write(void *unused)
{
	member_meter.count = source + 1;
	return unused;
}

static void *member_read(void *unused)
{
	sink = member_meter.count;
	return unused;
}

RACE(member)

/* Others of its name are volatile, or point to what is. */
static struct device_table {
	volatile int *namesake_place;
	volatile int namesake_level;
} other_table;

static int *namesake_place;
static void *namesake_write(void *unused)
{
	namesake_place = &results;
	return unused;
}

static void *namesake_read(void *unused)
{
	if (!namesake_place)
		sink = other_table.namesake_place != 0;
	return unused;
}

RACE(namesake)

int namesake_level; /* clang makes a bool of what is static and has two values */
static void *level_write(void *unused)
{
	namesake_level = 2;
	return unused;
}

static void *level_read(void *unused)
{
	sink = namesake_level;
	return unused;
}

RACE(level)

/* Volatile all the same: by the pointer, the type, the whole, the member. */
static struct meter pointed_meter;
static volatile struct meter *pointed_device = &pointed_meter;
static void *pointed_write(void *unused)
{
	pointed_device->count = source + 1;
	return unused;
}

static void *pointed_read(void *unused)
{
	sink = pointed_device->count;
	return unused;
}

RACE(pointed)

static int cast_value;
static void *cast_write(void *unused)
{
	*(device_word *)&cast_value = source + 1;
	return unused;
}

static void *cast_read(void *unused)
{
	sink = *(device_word *)&cast_value;
	return unused;
}

RACE(cast)

static volatile struct meter whole_meters[2];
static void *whole_write(void *unused)
{
	whole_meters[1].count = source + 1;
	return unused;
}

static void *whole_read(void *unused)
{
	sink = whole_meters[1].count;
	return unused;
}

RACE(whole)

static struct device own_device;
static void *own_write(void *unused)
{
	own_device.level = own_device.other + 1;
	return unused;
}

static void *own_read(void *unused)
{
	results = own_device.level;
	return unused;
}

RACE(own)

static int given_value;
static volatile int *place_of(int *place, int number)
{
	return place + number - number;
}

static void *given_write(void *unused)
{
	*place_of(&given_value, source) = 1;
	return unused;
}

static void *given_read(void *unused)
{
	sink = *place_of(&given_value, source);
	return unused;
}

RACE(given)

/* Of two accesses in the statement the volatile one is made. */
static int chosen_value;
static void *chosen_write(void *unused)
{
	*(device_word *)&chosen_value = 1;
	return unused;
}

static void *chosen_read(void *unused)
{
	sink = source ? chosen_value : *(device_word *)&chosen_value;
	return unused;
}

RACE(chosen)

static const struct race_case cases[] = {
	CASE(stored, "data-race:error"),
	CASE(member, "data-race:error"),
	CASE(namesake, "data-race:error"),
	CASE(level, "data-race:error"),
	CASE(pointed, "data-race:warning"),
	CASE(cast, "data-race:warning"),
	CASE(whole, "data-race:warning"),
	CASE(own, "data-race:warning"),
	CASE(given, "data-race:warning"),
	CASE(chosen, "data-race:warning"),
};

int main(int argc, char **argv)
{
	KEEP(results);
	return RUN_CASES(cases, argc, argv);
}
