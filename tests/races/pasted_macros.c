/*
 * Functions whose names and variables macros paste together: plain ones, and others that are
 * atomic, of which none is ever an error.
 */
#include <sched.h>

#include "cases.h"

#define FIELD(name)                                                                                \
	static int name##_value;                                                                   \
	static NOINLINE int name##_get(void)                                                       \
	{                                                                                          \
		return name##_value;                                                               \
	}                                                                                          \
	static NOINLINE void name##_set(int value)                                                 \
	{                                                                                          \
		name##_value = value;                                                              \
	}

#define ATOMIC_FIELD(name)                                                                         \
	static int name##_value;                                                                   \
	static NOINLINE int name##_get(void)                                                       \
	{                                                                                          \
		return __atomic_load_n(&name##_value, __ATOMIC_ACQUIRE);                           \
	}                                                                                          \
	static NOINLINE void name##_set(int value)                                                 \
	{                                                                                          \
		__atomic_store_n(&name##_value, value, __ATOMIC_RELEASE);                          \
	}

/* Its name does not say it. */
#define put_aside(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)
#define take_aside(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)

#define ASIDE_FIELD(name, way)                                                                     \
	static int name##_value;                                                                   \
	static NOINLINE int name##_get(void)                                                       \
	{                                                                                          \
		return take_##way(name##_value);                                                   \
	}                                                                                          \
	static NOINLINE void name##_set(int value)                                                 \
	{                                                                                          \
		put_##way(name##_value, value);                                                    \
	}

#define HALF_FIELD(name)                                                                           \
	static int name##_value;                                                                   \
	static NOINLINE int name##_get(void)                                                       \
	{                                                                                          \
		return __atomic_load_n(&name##_value, __ATOMIC_ACQUIRE);                           \
	}                                                                                          \
	static NOINLINE void name##_set(int value)                                                 \
	{                                                                                          \
		name##_value = value;                                                              \
	}

/* Which one is in force is not asked. */
#ifndef NOBODY_DEFINES_THIS
#define EITHER_FIELD(name) ATOMIC_FIELD(name)
#else
#define EITHER_FIELD(name) FIELD(name)
#endif

#define FIELD_OF(object, name) FIELD(object##_##name)

#define USE(name)                                                                                  \
	static void *name##_write(void *unused)                                                    \
	{                                                                                          \
		name##_set(1);                                                                     \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_read(void *unused)                                                     \
	{                                                                                          \
		if (name##_get() == 1)                                                             \
			sched_yield();                                                             \
		return unused;                                                                     \
	}                                                                                          \
	RACE(name)

FIELD(plain)
USE(plain)

FIELD_OF(nested, plain)
USE(nested_plain)

ATOMIC_FIELD(marked)
USE(marked)

ASIDE_FIELD(hidden, aside)
USE(hidden)

HALF_FIELD(half)
USE(half)

EITHER_FIELD(either)
USE(either)

static const struct race_case cases[] = {
	CASE(plain, "data-race:error"),
	CASE(nested_plain, "data-race:error"),
	CASE(marked, "silent"),
	CASE(hidden, "silent"),
	CASE(half, "data-race:error"),
	CASE(either, "data-race:warning?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
