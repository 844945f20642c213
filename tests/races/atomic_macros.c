/*
 * Accesses that are atomic, or may be, behind macros, functions and types of the program.
 * None is ever an error; a warning is allowed where nothing tells.
 */
#include <sched.h>
#include <unistd.h>

#include "cases.h"
#include "idioms.h"

#define WRITE_ONCE(place, value) (*(volatile __typeof__(place) *)&(place) = (value))
#define READ_ONCE(place) (*(const volatile __typeof__(place) *)&(place))
#define ACCESS_ONCE(place) (*(volatile __typeof__(place) *)&(place))
#define STORE_RELEASE(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)
#define LOAD_ACQUIRE(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define set_it(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)
#define get_it(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define give(place, value)                                                                         \
	do {                                                                                       \
		set_it(place, value);                                                              \
	} while (0)
#define take(place) ({ __typeof__(*(place)) taken = get_it(place); taken; })
#define AtomicLoad(place) __atomic_load_n((place), __ATOMIC_RELAXED)
#define AtomicStore(place, value) __atomic_store_n((place), (value), __ATOMIC_RELAXED)

static int linux_style_value;
static void *linux_style_write(void *unused)
{
	(void)unused;
	WRITE_ONCE(linux_style_value, 1);
	return NULL;
}

static void *linux_style_read(void *unused)
{
	(void)unused;
	if (READ_ONCE(linux_style_value))
		sched_yield();
	return NULL;
}

RACE(linux_style)

static int access_once_value;
static void *access_once_write(void *unused)
{
	(void)unused;
	ACCESS_ONCE(access_once_value) = 1;
	return NULL;
}

static void *access_once_read(void *unused)
{
	(void)unused;
	if (ACCESS_ONCE(access_once_value))
		sched_yield();
	return NULL;
}

RACE(access_once)

static int capital_value;
static void *capital_write(void *unused)
{
	(void)unused;
	STORE_RELEASE(&capital_value, 1);
	return NULL;
}

static void *capital_read(void *unused)
{
	(void)unused;
	if (LOAD_ACQUIRE(&capital_value))
		sched_yield();
	return NULL;
}

RACE(capital)

static int small_letters_value;
static void *small_letters_write(void *unused)
{
	(void)unused;
	set_it(&small_letters_value, 1);
	return NULL;
}

static void *small_letters_read(void *unused)
{
	(void)unused;
	if (get_it(&small_letters_value))
		sched_yield();
	return NULL;
}

RACE(small_letters)

static int nested_value;
static void *nested_write(void *unused)
{
	(void)unused;
	give(&nested_value, 1);
	return NULL;
}

static void *nested_read(void *unused)
{
	(void)unused;
	if (take(&nested_value))
		sched_yield();
	return NULL;
}

RACE(nested)

static int object_like_value;
#define OBJECT object_like_value
#define CURRENT __atomic_load_n(&object_like_value, __ATOMIC_RELAXED)
static _Thread_local int small_letters_alias;

static void *object_like_write(void *unused)
{
	(void)unused;
	small_letters_alias = 1;
	set_it(&OBJECT, 1);
	return NULL;
}

static void *object_like_read(void *unused)
{
	(void)unused;
	if (CURRENT)
		sched_yield();
	return NULL;
}

RACE(object_like)

static int sqlite_style_value;
static void *sqlite_style_write(void *unused)
{
	(void)unused;
	AtomicStore(&sqlite_style_value, 1);
	return NULL;
}

static void *sqlite_style_read(void *unused)
{
	(void)unused;
	if (AtomicLoad(&sqlite_style_value))
		sched_yield();
	return NULL;
}

RACE(sqlite_style)

static int lines_value;
static void *lines_write(void *unused)
{
	(void)unused;
	set_it(
		&lines_value,
		1);
	return NULL;
}

static void *lines_read(void *unused)
{
	(void)unused;
	if (get_it(
		    &lines_value
		    ))
		sched_yield();
	return NULL;
}

RACE(lines)

static int inlined_value;
static inline void inlined_set(int value)
{
	__atomic_store_n(&inlined_value, value, __ATOMIC_RELEASE);
}
static inline int inlined_get(void)
{
	return __atomic_load_n(&inlined_value, __ATOMIC_ACQUIRE);
}

static void *inlined_write(void *unused)
{
	(void)unused;
	inlined_set(1);
	return NULL;
}

static void *inlined_read(void *unused)
{
	(void)unused;
	if (inlined_get())
		sched_yield();
	return NULL;
}

RACE(inlined)

typedef struct { int counter; } atomic_number;
static atomic_number own_type_value;
static inline void counter_set(atomic_number *number, int value)
{
	__atomic_store_n(&number->counter, value, __ATOMIC_RELAXED);
}
static inline int counter_read(const atomic_number *number)
{
	return __atomic_load_n(&number->counter, __ATOMIC_RELAXED);
}

static void *own_type_write(void *unused)
{
	(void)unused;
	counter_set(&own_type_value, 1);
	return NULL;
}

static void *own_type_read(void *unused)
{
	(void)unused;
	if (counter_read(&own_type_value))
		sched_yield();
	return NULL;
}

RACE(own_type)

static void *shadowing_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&hidden_level, level_of(0) + 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *shadowing_read(void *unused)
{
	(void)unused;
	if (level)
		sched_yield();
	return NULL;
}

RACE(shadowing)

static const struct race_case cases[] = {
	CASE(linux_style, "data-race:warning? unmarked-sync?"),
	CASE(access_once, "data-race:warning? unmarked-sync?"),
	CASE(capital, "data-race:warning? unmarked-sync?"),
	CASE(small_letters, "data-race:warning? unmarked-sync?"),
	CASE(nested, "data-race:warning? unmarked-sync?"),
	CASE(object_like, "data-race:warning? unmarked-sync?"),
	CASE(sqlite_style, "data-race:warning? unmarked-sync?"),
	CASE(lines, "data-race:warning? unmarked-sync?"),
	CASE(inlined, "data-race:warning? unmarked-sync?"),
	CASE(own_type, "data-race:warning? unmarked-sync?"),
	CASE(shadowing, "data-race:warning? unmarked-sync?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
