/*
 * RULES, 'Lost updates': a locked instruction that leaves what was there, as a reader's who wants
 * no more than its order, is no update that another thread could lose.  Others are in
 * atomic_updates.c.
 */
#include <sched.h>
#include <stdbool.h>

#include "cases.h"

#define ROUNDS 60

static volatile unsigned nothing;

/* The one writer of a sequence lock: odd while it writes. */
static void write_sequence(unsigned *sequence)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned old = __atomic_load_n(sequence, __ATOMIC_RELAXED) & ~1u;

		while (!__atomic_compare_exchange_n(sequence, &old, old | 1, false,
						    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			old &= ~1u;
		if (i % 16 == 0)
			sched_yield();
		__atomic_store_n(sequence, old + 2, __ATOMIC_RELEASE);
	}
}

static void read_sequence(unsigned *sequence)
{
	unsigned sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += __atomic_fetch_add(sequence, nothing, __ATOMIC_RELEASE);
		if (i % 16 == 0)
			sched_yield();
	}
	KEEP(sum);
}

static unsigned idle_sequence;

static void *idle_writer(void *unused)
{
	(void)unused;
	write_sequence(&idle_sequence);
	return NULL;
}

static void *idle_reader(void *unused)
{
	(void)unused;
	read_sequence(&idle_sequence);
	return NULL;
}

static void idle_case(void)
{
	run_both(idle_writer, idle_reader, NULL);
}

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(idle, "silent"),
	};

	return RUN_CASES(cases, argc, argv);
}
