/*
 * RULES, 'Lost updates': updates of std::atomic by a load and a store. In unoptimised code both
 * are calls of its operators, or switch over a memory order that is known.
 */
#include <atomic>
#include <unistd.h>

#include "cases.h"

/* Both threads have loaded before either stores. */
static pthread_barrier_t both_have_loaded;

/* A case in which both threads do @work. */
#define BOTH(name, work)                                                                           \
	static std::atomic<long> name##_value;                                                     \
	static void *name##_work(void *unused)                                                     \
	{                                                                                          \
		(void)unused;                                                                      \
		work;                                                                              \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, NULL);                                          \
	}

BOTH(operators, {
	long old = operators_value;
	pthread_barrier_wait(&both_have_loaded);
	operators_value = old + 1;
})

BOTH(exchange, {
	long old = exchange_value.load();
	pthread_barrier_wait(&both_have_loaded);
	exchange_value.exchange(old + 1);
})

BOTH(stored, for (int i = 0; i < 3; i++) {
	long old = stored_value.load(std::memory_order_acquire);
	pthread_barrier_wait(&both_have_loaded);
	stored_value.store(old + 1);
})

BOTH(released, {
	long old = released_value.load(std::memory_order_relaxed);
	pthread_barrier_wait(&both_have_loaded);
	released_value.store(old + 1, std::memory_order_release);
})

/* Nothing but their time says that both have loaded. */
BOTH(slow, for (int i = 0; i < 5; i++) {
	long old = slow_value.load(std::memory_order_acquire);
	usleep(5000);
	slow_value.store(old + 1, std::memory_order_release);
})

/* --- Nothing is lost, or nothing that would be known --------------------------------- */

BOTH(added, {
	long old = added_value;
	pthread_barrier_wait(&both_have_loaded);
	added_value += 1;
	KEEP(old);
})

BOTH(compared, {
	long old = compared_value;
	pthread_barrier_wait(&both_have_loaded);
	while (!compared_value.compare_exchange_weak(old, old + 1))
		;
})

/* The thread looks at what it has got in exchange. */
BOTH(looked, {
	long old = looked_value.load();
	pthread_barrier_wait(&both_have_loaded);
	long got = looked_value.exchange(old + 1);
	if (got != old)
		looked_value += got - old;
})

BOTH(looked_late, {
	long old = looked_late_value.load();
	pthread_barrier_wait(&both_have_loaded);
	long got = looked_late_value.exchange(old + 1);
	pthread_barrier_wait(&both_have_loaded);
	KEEP(got);
})

/* What is stored does not rest on what was loaded. */
BOTH(reset, {
	long old = reset_value;
	pthread_barrier_wait(&both_have_loaded);
	reset_value = 7;
	KEEP(old);
})

/* One updates, the other stores. */
static std::atomic<long> one_value;
static void *one_updates(void *unused)
{
	(void)unused;
	long old = one_value;
	pthread_barrier_wait(&both_have_loaded);
	pthread_barrier_wait(&both_have_loaded);
	one_value = old + 1;
	return NULL;
}

static void *one_stores(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&both_have_loaded);
	one_value = 7;
	pthread_barrier_wait(&both_have_loaded);
	return NULL;
}

static void one_case(void)
{
	run_both(one_updates, one_stores, NULL);
}

static const struct race_case cases[] = {
	CASE(operators, "lost-update"),
	CASE(exchange, "lost-update"),
	CASE(stored, "lost-update"),
	CASE(released, "lost-update"),
	CASE(slow, "lost-update"),
	CASE(added, "silent"),
	CASE(compared, "silent"),
	CASE(looked, "silent"),
	CASE(looked_late, "silent"),
	CASE(reset, "silent"),
	CASE(one, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_loaded, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
