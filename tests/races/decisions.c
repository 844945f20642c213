/*
 * RULES, 'Lost updates': check-then-act in loops, whose rounds go on with the next one, and
 * by calls that lock by themselves.  The counterparts wait, or look again before they act.
 */
#include "cases.h"

#define ROUNDS 400
#define ENOUGH 100000

struct stock {
	pthread_mutex_t lock;
	long items;
};

#define STOCK(name, items)                                                                         \
	static struct stock name##_stock = {PTHREAD_MUTEX_INITIALIZER, items}

#define LOCK(name) pthread_mutex_lock(&name##_stock.lock)
#define UNLOCK(name) pthread_mutex_unlock(&name##_stock.lock)

/* A case in which two threads do the same. */
#define BOTH(name)                                                                                 \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, NULL);                                          \
		KEEP(name##_stock);                                                                \
	}

/* One thread fills the stock, the other takes from it. */
#define FILL(name)                                                                                 \
	STOCK(name, 0);                                                                            \
	static void *name##_fill(void *unused)                                                     \
	{                                                                                          \
		for (int i = 0; i < ROUNDS; i++) {                                                 \
			LOCK(name);                                                                \
			name##_stock.items += 5;                                                   \
			UNLOCK(name);                                                              \
			if (i % 8 == 0)                                                            \
				sched_yield();                                                     \
		}                                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_work(void *unused);                                                    \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_fill, name##_work, NULL);                                          \
		KEEP(name##_stock);                                                                \
	}                                                                                          \
	static void *name##_work(void *unused)

/* What was found decides that this round goes on with the next one. */
STOCK(continued, ENOUGH);

static void *continued_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		LOCK(continued);
		if (continued_stock.items < 10) {
			UNLOCK(continued);
			continue;
		}
		UNLOCK(continued);
		LOCK(continued);
		continued_stock.items -= 10;
		UNLOCK(continued);
	}
	return unused;
}

BOTH(continued)

/* ... after the section. */
STOCK(continued_after, ENOUGH);

static void *continued_after_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		long found;

		LOCK(continued_after);
		found = continued_after_stock.items;
		UNLOCK(continued_after);
		if (found < 10)
			continue;
		LOCK(continued_after);
		continued_after_stock.items -= 10;
		UNLOCK(continued_after);
	}
	return unused;
}

BOTH(continued_after)

/* What is done instead looks like the end of the program. */
STOCK(done_otherwise, ENOUGH);

static void *done_otherwise_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		LOCK(done_otherwise);
		if (done_otherwise_stock.items >= 10) {
			UNLOCK(done_otherwise);
			sched_yield();
			LOCK(done_otherwise);
			done_otherwise_stock.items -= 10;
			UNLOCK(done_otherwise);
		} else {
			UNLOCK(done_otherwise);
		}
	}
	return unused;
}

BOTH(done_otherwise)

/* Both look and take by calls that lock by themselves. */
STOCK(called, ENOUGH);

static NOINLINE long called_count(void)
{
	long count;

	LOCK(called);
	count = called_stock.items;
	UNLOCK(called);
	return count;
}

static NOINLINE void called_take(long count)
{
	LOCK(called);
	called_stock.items -= count;
	UNLOCK(called);
}

static void *called_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		if (called_count() >= 10)
			called_take(10);
	return unused;
}

BOTH(called)

/* ... and of what a pointer leads to, in rounds that go on. */
static NOINLINE long called_in_count(struct stock *stock)
{
	long count;

	pthread_mutex_lock(&stock->lock);
	count = stock->items;
	pthread_mutex_unlock(&stock->lock);
	return count;
}

static NOINLINE void called_in_take(struct stock *stock, long count)
{
	pthread_mutex_lock(&stock->lock);
	stock->items -= count;
	pthread_mutex_unlock(&stock->lock);
}

static void *called_in_work(void *stock)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (called_in_count(stock) < 10)
			continue;
		called_in_take(stock, 10);
	}
	return NULL;
}

static void called_in_case(void)
{
	struct stock stock = {PTHREAD_MUTEX_INITIALIZER, ENOUGH};

	run_both(called_in_work, called_in_work, &stock);
	KEEP(stock);
}

/* Who takes has another look. */
STOCK(looked_again, ENOUGH);

static void *looked_again_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		long found;

		LOCK(looked_again);
		found = looked_again_stock.items;
		UNLOCK(looked_again);
		if (found < 10)
			continue;
		LOCK(looked_again);
		if (looked_again_stock.items >= 10)
			looked_again_stock.items -= 10;
		UNLOCK(looked_again);
	}
	return unused;
}

BOTH(looked_again)

/* ... by a call that says whether there was enough. */
STOCK(called_again, ENOUGH);

static NOINLINE long called_again_count(void)
{
	long count;

	LOCK(called_again);
	count = called_again_stock.items;
	UNLOCK(called_again);
	return count;
}

static NOINLINE int called_again_take(long count)
{
	int is_enough;

	LOCK(called_again);
	is_enough = called_again_stock.items >= count;
	if (is_enough)
		called_again_stock.items -= count;
	UNLOCK(called_again);
	return is_enough;
}

static void *called_again_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		if (called_again_count() >= 10 && !called_again_take(10))
			break;
	return unused;
}

BOTH(called_again)

/* Whose turn it is keeps out the other. */
STOCK(turned, 0);

static NOINLINE void *turned_work(void *own)
{
	long turn = *(long *)own;

	for (int left = ROUNDS / 4; left > 0;) {
		long found;

		LOCK(turned);
		found = turned_stock.items;
		UNLOCK(turned);
		if (found != turn) {
			sched_yield();
			continue;
		}
		LOCK(turned);
		turned_stock.items = (turned_stock.items + 1) % 2;
		UNLOCK(turned);
		left--;
	}
	return NULL;
}

static void turned_case(void)
{
	long turns[2] = {0, 1};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		MUST(pthread_create(&threads[i], NULL, turned_work, &turns[i]) == 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* A program that would not go on has decided nothing. */
STOCK(asserted, ENOUGH);

static void *asserted_work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		long found;

		LOCK(asserted);
		found = asserted_stock.items;
		UNLOCK(asserted);
		if (found < 0) {
			fprintf(stderr, "%ld items\n", found);
			abort();
		}
		LOCK(asserted);
		asserted_stock.items -= 10;
		UNLOCK(asserted);
	}
	return unused;
}

BOTH(asserted)

/* What was waited for is there, and others only add to it. */
FILL(polled)
{
	for (int i = 0; i < ROUNDS / 4; i++) {
		for (;;) {
			long found;

			LOCK(polled);
			found = polled_stock.items;
			UNLOCK(polled);
			if (found >= 10)
				break;
			sched_yield();
		}
		LOCK(polled);
		polled_stock.items -= 10;
		UNLOCK(polled);
	}
	return unused;
}

/* ... in a loop that is not left otherwise. */
FILL(polled_for_ever)
{
	for (int left = ROUNDS / 4; left > 0;) {
		long found;

		do {
			LOCK(polled_for_ever);
			found = polled_for_ever_stock.items;
			UNLOCK(polled_for_ever);
		} while (found < 10);
		LOCK(polled_for_ever);
		polled_for_ever_stock.items -= 10;
		UNLOCK(polled_for_ever);
		left--;
	}
	return unused;
}

/* ... not for too long. */
FILL(polled_a_while)
{
	for (int i = 0; i < ROUNDS / 4; i++) {
		for (int spins = 0; spins < 1000000; spins++) {
			long found;

			LOCK(polled_a_while);
			found = polled_a_while_stock.items;
			UNLOCK(polled_a_while);
			if (found >= 10)
				break;
			if (spins > 10)
				sched_yield();
		}
		LOCK(polled_a_while);
		polled_a_while_stock.items -= 10;
		UNLOCK(polled_a_while);
	}
	return unused;
}

/* ... between two looks under the lock. */
FILL(unlocked_meanwhile)
{
	for (int i = 0; i < ROUNDS / 4; i++) {
		LOCK(unlocked_meanwhile);
		while (unlocked_meanwhile_stock.items < 10) {
			UNLOCK(unlocked_meanwhile);
			sched_yield();
			LOCK(unlocked_meanwhile);
		}
		unlocked_meanwhile_stock.items -= 10;
		UNLOCK(unlocked_meanwhile);
	}
	return unused;
}

/* ... by calls. */
static NOINLINE long polled_by_calls_count(struct stock *stock)
{
	long count;

	pthread_mutex_lock(&stock->lock);
	count = stock->items;
	pthread_mutex_unlock(&stock->lock);
	return count;
}

static NOINLINE void polled_by_calls_take(struct stock *stock, long count)
{
	pthread_mutex_lock(&stock->lock);
	stock->items -= count;
	pthread_mutex_unlock(&stock->lock);
}

FILL(polled_by_calls)
{
	for (int i = 0; i < ROUNDS / 4; i++) {
		while (polled_by_calls_count(&polled_by_calls_stock) < 10)
			sched_yield();
		polled_by_calls_take(&polled_by_calls_stock, 10);
	}
	return unused;
}

static const struct race_case cases[] = {
	CASE(continued, "check-then-act:warning"),
	CASE(continued_after, "check-then-act:warning"),
	CASE(done_otherwise, "check-then-act:warning"),
	CASE(called, "check-then-act:warning"),
	CASE(called_in, "check-then-act:warning"),
	CASE(looked_again, "silent"),
	CASE(called_again, "silent"),
	CASE(turned, "silent"),
	CASE(asserted, "silent"),
	CASE(polled, "silent"),
	CASE(polled_for_ever, "silent"),
	CASE(polled_a_while, "silent"),
	CASE(unlocked_meanwhile, "silent"),
	CASE(polled_by_calls, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
