/*
 * Plain stores that come before the first locked instruction at their place, by another thread.
 */
#include <sched.h>

#include "cases.h"

static int begun_value;

static void *begun_write(void *unused)
{
	begun_value = 3;
	KEEP(begun_value);
	return unused;
}

static void *begun_read(void *unused)
{
	await_first();
	__sync_fetch_and_add(&begun_value, 1);
	return unused;
}

RACE(begun)

/* Alone in its granule: nothing has become atomic there before. */
static struct { int value; } alone __attribute__((aligned(64)));

static void *alone_write(void *unused)
{
	alone.value = 3;
	KEEP(alone.value);
	return unused;
}

static void *alone_read(void *unused)
{
	await_first();
	__sync_fetch_and_add(&alone.value, 1);
	return unused;
}

RACE(alone)

/* The same, where the store is an atomic one. */
static struct { int value; } alone_atomic __attribute__((aligned(64)));

static void *alone_atomic_write(void *unused)
{
	__atomic_store_n(&alone_atomic.value, 3, __ATOMIC_RELAXED);
	return unused;
}

static void *alone_atomic_read(void *unused)
{
	await_first();
	__sync_fetch_and_add(&alone_atomic.value, 1);
	return unused;
}

RACE(alone_atomic)

/* Made plainly, then published: who adds has waited for the pointer, and may have been checked
 * before it was stored. */
#define PUBLISHED 3000

static struct held { _Alignas(8) int count; } published_held[PUBLISHED];
static struct held *published[PUBLISHED];

static void *published_write(void *unused)
{
	for (int i = 0; i < PUBLISHED; i++) {
		published_held[i].count = 1;
		__atomic_store_n(&published[i], &published_held[i], __ATOMIC_RELEASE);
		if (i % 64 == 0)
			sched_yield();
	}
	return unused;
}

static void *published_read(void *unused)
{
	struct held *held;

	for (int i = 0; i < PUBLISHED; i++) {
		while (!(held = __atomic_load_n(&published[i], __ATOMIC_ACQUIRE)))
			continue;
		__sync_fetch_and_add(&held->count, 1);
	}
	return unused;
}

RACE(published)

static const struct race_case cases[] = {
	CASE(begun, "data-race:error"),
	CASE(alone, "data-race:error"),
	CASE(alone_atomic, "silent"),
	CASE(published, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
