/*
 * Accesses that are atomic, or may be, behind macros, functions and types of the program.
 * None is ever an error, but for what else such a statement does; a warning is allowed where
 * nothing tells.
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

/* Macros that do more with their argument than the operation. */
#define set_and_count(place, all) ((place) = 5, __atomic_fetch_add(&(all), 1, __ATOMIC_RELAXED))
static int counting_value, counting_all;
static void *counting_write(void *unused)
{
	set_and_count(counting_value, counting_all);
	KEEP(counting_value);
	return unused;
}

static void *counting_read(void *unused)
{
	await_first();
	return counting_write(unused);
}

RACE(counting)

/* What such a macro gives, stored. */
static int stored_from, stored_value;
static void *stored_write(void *unused)
{
	stored_value = get_it(&stored_from);
	KEEP(stored_value);
	return unused;
}

static void *stored_read(void *unused)
{
	await_first();
	return stored_write(unused);
}

RACE(stored)

/* In a structure on the heap. */
static struct heap_item { int state, turn; } *heap_made;
static void *heap_write(void *unused)
{
	give(&heap_made->state, 1);
	return unused;
}

static void *heap_read(void *unused)
{
	await_first();
	return get_it(&heap_made->state) ? unused : NULL;
}

static void heap_case(void)
{
	heap_made = calloc(1, sizeof(*heap_made));
	run_both(heap_write, heap_read, NULL);
	free(heap_made);
}

/* Atomic in one of the two definitions only. */
#ifdef NO_ATOMICS
#define peek_at(place) (place)
#else
#define peek_at(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#endif
static int either_value;
static void *either_write(void *unused)
{
	set_it(&either_value, 1);
	return unused;
}

static void *either_read(void *unused)
{
	await_first();
	return peek_at(either_value) ? unused : NULL;
}

RACE(either)

static const struct race_case cases[] = {
	CASE(linux_style, "data-race:warning? unmarked-sync?"),
	CASE(access_once, "data-race:warning? unmarked-sync?"),
	CASE(capital, "silent"),
	CASE(small_letters, "silent"),
	CASE(nested, "silent"),
	CASE(object_like, "data-race:warning? unmarked-sync?"),
	CASE(sqlite_style, "silent"),
	CASE(lines, "silent"),
	CASE(inlined, "data-race:warning? unmarked-sync?"),
	CASE(own_type, "data-race:warning? unmarked-sync?"),
	CASE(shadowing, "data-race:warning? unmarked-sync?"),
	CASE(counting, "data-race:error"),
	CASE(stored, "data-race:error"),
	CASE(heap, "silent"),
	CASE(either, "data-race:warning"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
