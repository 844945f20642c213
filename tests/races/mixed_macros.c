/*
 * Macros that have an atomic operation beside plain accesses, all of which have one line: what
 * the operation does not name is plain.  Where it may be what the operation accesses through a
 * pointer, none is ever an error.
 */
#include <stdatomic.h>
#include <sched.h>

#include "cases.h"

static int calls, looks;
static atomic_int marks;
static volatile long results;

#define WITH_CALL(place, value)                                                                    \
	do {                                                                                       \
		(place) = (value);                                                                 \
		__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);                                   \
	} while (0)
#define WITH_LOOK(place) (__atomic_load_n(&looks, __ATOMIC_RELAXED) == 0 ? (place) : 0)

static int counted_value;
static void *counted_write(void *unused)
{
	WITH_CALL(counted_value, 3);
	return unused;
}

static void *counted_read(void *unused)
{
	results = WITH_LOOK(counted_value);
	return unused;
}

RACE(counted)

/* The operation is a macro itself, in one that another one has. */
#define look_at(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define IF_QUIET(action)                                                                           \
	do {                                                                                       \
		if (look_at(&looks) == 0)                                                          \
			action;                                                                    \
	} while (0)
#define PUT_IF_QUIET(place, value) IF_QUIET((place) = (value))

static int nested_value;
static void *nested_write(void *unused)
{
	PUT_IF_QUIET(nested_value, 4);
	return unused;
}

static void *nested_read(void *unused)
{
	PUT_IF_QUIET(results, nested_value);
	return unused;
}

RACE(nested)

#define PUT_IF_UNMARKED(place, value)                                                              \
	do {                                                                                       \
		if (atomic_load_explicit(&marks, memory_order_relaxed) == 0)                       \
			(place) = (value);                                                         \
	} while (0)

static int unmarked_value;
static void *unmarked_write(void *unused)
{
	PUT_IF_UNMARKED(unmarked_value, 5);
	KEEP(unmarked_value);
	return unused;
}

static void *unmarked_read(void *unused)
{
	PUT_IF_UNMARKED(unmarked_value, 6);
	KEEP(unmarked_value);
	return unused;
}

RACE(unmarked)

/* One member is plain, the other one atomic. */
struct message { int text, state; };

#define FILL(message, value)                                                                       \
	do {                                                                                       \
		__atomic_store_n(&(message)->state, 1, __ATOMIC_RELAXED);                          \
		(message)->text = (value);                                                         \
	} while (0)

static struct message filled_message, *filled_place = &filled_message;
static void *filled_write(void *unused)
{
	FILL(filled_place, 7);
	KEEP(filled_message);
	return unused;
}

static void *filled_read(void *unused)
{
	FILL(filled_place, 8);
	KEEP(filled_message);
	return unused;
}

RACE(filled)

/* Both sides are atomic. */
#define OPEN(message, value, taken)                                                                \
	do {                                                                                       \
		__atomic_store_n(&(message)->state, (value), __ATOMIC_RELAXED);                    \
		(taken) = (message)->text;                                                         \
	} while (0)

static struct message opened_message;
static void *opened_write(void *unused)
{
	int taken;

	OPEN(&opened_message, 1, taken);
	KEEP(taken);
	return unused;
}

static void *opened_read(void *unused)
{
	int taken;

	OPEN(&opened_message, 2, taken);
	KEEP(taken);
	return unused;
}

RACE(opened)

/* The operation accesses through a pointer what the macro names beside it. */
#define GIVE(place, value)                                                                         \
	do {                                                                                       \
		if (place)                                                                         \
			__atomic_store_n(place, value, __ATOMIC_RELAXED);                          \
		else                                                                               \
			given_value = (value);                                                     \
	} while (0)

static int given_value;
static int *volatile given_place = &given_value;
static void *given_write(void *unused)
{
	int *place = given_place;

	GIVE(place, 8);
	return unused;
}

static void *given_read(void *unused)
{
	int *place = given_place;

	GIVE(place, 9);
	return unused;
}

RACE(given)

#define GIVE_FIRST(places, value)                                                                  \
	do {                                                                                       \
		if (places)                                                                        \
			__atomic_store_n(&(places)[0], value, __ATOMIC_RELAXED);                   \
		else                                                                               \
			first_value = (value);                                                     \
	} while (0)

static int first_value;
static int *volatile first_place = &first_value;
static void *first_write(void *unused)
{
	int *places = first_place;

	GIVE_FIRST(places, 8);
	return unused;
}

static void *first_read(void *unused)
{
	int *places = first_place;

	GIVE_FIRST(places, 9);
	return unused;
}

RACE(first)

static const struct race_case cases[] = {
	CASE(counted, "data-race:error"),
	CASE(nested, "data-race:error"),
	CASE(unmarked, "data-race:error"),
	CASE(filled, "data-race:error"),
	CASE(opened, "silent"),
	CASE(given, "data-race:warning?"),
	CASE(first, "data-race:warning?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
