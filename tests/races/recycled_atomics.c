/*
 * RULES, 'Happens-before': words of objects that a thread takes from a pool of its own.  A locked
 * instruction touches each once in a life; what is stored to it then concerns nobody, until the
 * object is handed to another thread by just such a store.
 */
#include "cases.h"

#define OBJECTS 4
#define LIVES 3000
#define HANDED 16 /* so many, with some lives between them */

enum { TAKEN = 1, USED, HANDED_OVER };

static NOINLINE void awaits(const int *place, int value)
{
	while (__atomic_load_n(place, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

/* Once it is handed over there is another store to its datum. */
static struct {
	int state;
	long datum;
} early_objects[OBJECTS];
static int early_answer, early_near;

static NOINLINE void early_store(int object, int state)
{
	__atomic_store_n(&early_objects[object].state, state, __ATOMIC_RELEASE);
}

static void early_live(int object)
{
	__atomic_exchange_n(&early_objects[object].state, 0, __ATOMIC_ACQ_REL);
	early_store(object, TAKEN);
	early_store(object, USED);
	early_store(object, TAKEN);
}

static NOINLINE void early_hand(int i)
{
	early_objects[0].datum = i;
	early_store(0, HANDED_OVER + i);
	early_objects[0].datum = i + 1;
}

/* That it is about to hand over is told before, so that the other does not look meanwhile. */
static void *early_owner(void *unused)
{
	for (int i = 0; i < HANDED; i++) {
		for (int life = 0; life < LIVES; life++)
			early_live(life % OBJECTS);
		__atomic_exchange_n(&early_near, i + 1, __ATOMIC_RELEASE);
		early_hand(i);
		awaits(&early_answer, i + 1);
	}
	return unused;
}

static void *early_taker(void *unused)
{
	for (int i = 0; i < HANDED; i++) {
		awaits(&early_near, i + 1);
		awaits(&early_objects[0].state, HANDED_OVER + i);
		MUST(early_objects[0].datum >= i);
		__atomic_exchange_n(&early_answer, i + 1, __ATOMIC_RELEASE);
	}
	return unused;
}

static void early_case(void)
{
	run_both(early_owner, early_taker, NULL);
}

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(early, "data-race:error"),
	};

	return RUN_CASES(cases, argc, argv);
}
