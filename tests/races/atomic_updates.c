/*
 * RULES, 'Happens-before' and 'Lost updates': atomics that are not only used as such.
 * Each with what looks like it and is none.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

/* --- A plain update against a locked instruction -------------------------------- */

static long plain_count_data;

static void *plain_count_plainly(void *unused)
{
	(void)unused;
	plain_count_data++;
	return NULL;
}

static void *plain_count_atomically(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&plain_count_data, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void plain_count_case(void)
{
	run_both(plain_count_plainly, plain_count_atomically, NULL);
	KEEP(plain_count_data);
}

/* The addition comes between load and store. */
static long plain_halves_data;

static void *plain_halves_plainly(void *unused)
{
	long old = plain_halves_data;

	(void)unused;
	pthread_barrier_wait(&both_have_read);
	pthread_barrier_wait(&both_have_read);
	plain_halves_data = old - 1;
	return NULL;
}

static void *plain_halves_atomically(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&plain_halves_data, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&both_have_read);
	__atomic_fetch_add(&plain_halves_data, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&both_have_read);
	return NULL;
}

static void plain_halves_case(void)
{
	run_both(plain_halves_plainly, plain_halves_atomically, NULL);
	KEEP(plain_halves_data);
}

/* Set up by plain moves, published, and read when all are done. */
static long set_up_data;

static void *set_up_count(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&set_up_data, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void set_up_case(void)
{
	set_up_data++;
	run_both(set_up_count, set_up_count, NULL);
	set_up_data++;
	KEEP(set_up_data);
}

/* One thread alone counts, the other looks. */
static long one_counts_data;

static void *one_counts_counts(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&one_counts_data, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 10; i++) {
		__atomic_store_n(&one_counts_data,
				 __atomic_load_n(&one_counts_data, __ATOMIC_RELAXED) + 1,
				 __ATOMIC_RELAXED);
		sched_yield();
	}
	return NULL;
}

static void *one_counts_looks(void *unused)
{
	(void)unused;
	while (__atomic_load_n(&one_counts_data, __ATOMIC_RELAXED) < 5)
		sched_yield();
	return NULL;
}

static void one_counts_case(void)
{
	run_both(one_counts_counts, one_counts_looks, NULL);
	KEEP(one_counts_data);
}

/* A sequence lock: whoever has made the number odd adds one to it by a store. */
static unsigned long sequence_number;
static long sequence_data;

static void *sequence_update(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		unsigned long old = __atomic_load_n(&sequence_number, __ATOMIC_RELAXED) & ~1ul;

		while (!__atomic_compare_exchange_n(&sequence_number, &old, old + 1, false,
						    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			old &= ~1ul;
			sched_yield();
		}
		sequence_data++;
		__atomic_store_n(&sequence_number,
				 __atomic_load_n(&sequence_number, __ATOMIC_RELAXED) + 1,
				 __ATOMIC_RELEASE);
	}
	return NULL;
}

static void sequence_case(void)
{
	run_both(sequence_update, sequence_update, NULL);
	MUST(sequence_data == 20);
}

/* The number says whose turn it is: who has seen that it is its own passes it on. */
static unsigned long turns_number;
static long turns_data;

static void *turns_even(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		unsigned long old;

		while ((old = __atomic_load_n(&turns_number, __ATOMIC_ACQUIRE)) % 2 != 0)
			sched_yield();
		turns_data++;
		__atomic_store_n(&turns_number, old + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *turns_odd(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		while (__atomic_load_n(&turns_number, __ATOMIC_ACQUIRE) % 2 == 0)
			sched_yield();
		turns_data++;
		__atomic_fetch_add(&turns_number, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

static void turns_case(void)
{
	run_both(turns_even, turns_odd, NULL);
	MUST(turns_data == 20);
}

/* --- Updates of atomics by a load and a store ------------------------------------- */

static _Atomic long torn_data;

static void *torn_update(void *unused)
{
	long old = atomic_load_explicit(&torn_data, memory_order_relaxed);

	(void)unused;
	pthread_barrier_wait(&both_have_read);
	atomic_store_explicit(&torn_data, old + 1, memory_order_relaxed);
	return NULL;
}

static void torn_case(void)
{
	run_both(torn_update, torn_update, NULL);
	KEEP(torn_data);
}

/* Stores that are sequentially consistent are exchanges. */
static _Atomic long torn_exchange_data;

static void *torn_exchange_update(void *unused)
{
	long old = torn_exchange_data;

	(void)unused;
	pthread_barrier_wait(&both_have_read);
	torn_exchange_data = old + 1;
	return NULL;
}

static void torn_exchange_case(void)
{
	run_both(torn_exchange_update, torn_exchange_update, NULL);
	KEEP(torn_exchange_data);
}

/* Another thread's two additions come in between. */
static _Atomic long outdone_data;

static void *outdone_adds(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&both_have_read);
	for (int i = 0; i < 2; i++)
		atomic_store_explicit(
			&outdone_data,
			atomic_load_explicit(&outdone_data, memory_order_relaxed) + 1,
			memory_order_relaxed);
	pthread_barrier_wait(&both_have_read);
	return NULL;
}

static void *outdone_overwrites(void *unused)
{
	long old = atomic_load_explicit(&outdone_data, memory_order_relaxed);

	(void)unused;
	pthread_barrier_wait(&both_have_read);
	pthread_barrier_wait(&both_have_read);
	atomic_store_explicit(&outdone_data, old + 1, memory_order_relaxed);
	return NULL;
}

static void outdone_case(void)
{
	atomic_fetch_add(&outdone_data, 1);
	run_both(outdone_adds, outdone_overwrites, NULL);
	KEEP(outdone_data);
}

/* Who has found that nobody is behind moves the epoch on: more than one may, to the same. */
static unsigned long advanced_epoch, advanced_behind;

static void *advanced_advance(void *unused)
{
	unsigned long old;

	(void)unused;
	__atomic_fetch_add(&advanced_epoch, 2, __ATOMIC_RELAXED);
	pthread_barrier_wait(&both_have_read);
	old = __atomic_load_n(&advanced_epoch, __ATOMIC_RELAXED);
	if (__atomic_load_n(&advanced_behind, __ATOMIC_RELAXED) == old)
		return NULL;
	pthread_barrier_wait(&both_have_read);
	__atomic_store_n(&advanced_epoch, old + 1, __ATOMIC_RELEASE);
	return NULL;
}

static void advanced_case(void)
{
	run_both(advanced_advance, advanced_advance, NULL);
	KEEP(advanced_epoch);
}

/* The same where no locked instruction shows that it is an atomic. */
static unsigned long stepped_epoch, stepped_behind = 1;

static void *stepped_advance(void *unused)
{
	unsigned long old = __atomic_load_n(&stepped_epoch, __ATOMIC_RELAXED);

	(void)unused;
	if (__atomic_load_n(&stepped_behind, __ATOMIC_RELAXED) == old)
		return NULL;
	pthread_barrier_wait(&both_have_read);
	__atomic_store_n(&stepped_epoch, old + 2, __ATOMIC_RELEASE);
	return NULL;
}

static void stepped_case(void)
{
	run_both(stepped_advance, stepped_advance, NULL);
	KEEP(stepped_epoch);
}

/* What the last exchange has got is still in the register of results at the end. */
static _Atomic int torn_rounds_data;

static NOINLINE void torn_rounds_count(void)
{
	for (int i = 0; i < 100; i++)
		torn_rounds_data = torn_rounds_data + 1;
}

static void (*volatile torn_rounds_function)(void) = torn_rounds_count;

static void *torn_rounds_update(void *unused)
{
	torn_rounds_function();
	return unused;
}

static void torn_rounds_case(void)
{
	run_both(torn_rounds_update, torn_rounds_update, NULL);
	KEEP(torn_rounds_data);
}

/* Loops come after the exchange, and do not touch what it has got: how that ends is not
 * followed for ever. */
static _Atomic int torn_waiting_data;
int torn_waiting_wait, torn_waiting_more;

static NOINLINE void torn_waiting_count(void)
{
	torn_waiting_data = torn_waiting_data + 1;
	while (torn_waiting_more) {
		while (torn_waiting_wait)
			__asm__ volatile("" : : : "memory");
		if (torn_waiting_wait)
			break;
		__asm__ volatile("" : : : "memory");
	}
}

static void *torn_waiting_update(void *unused)
{
	torn_waiting_count();
	return unused;
}

static void torn_waiting_case(void)
{
	run_both(torn_waiting_update, torn_waiting_update, NULL);
	KEEP(torn_waiting_data);
}

/* The caller looks at it: it goes back if another thread came between. */
static int returned_data;

static NOINLINE int returned_exchange(void)
{
	return __atomic_exchange_n(&returned_data,
				   __atomic_load_n(&returned_data, __ATOMIC_SEQ_CST) | 2,
				   __ATOMIC_SEQ_CST);
}

static int (*volatile returned_function)(void) = returned_exchange;

static void *returned_update(void *unused)
{
	int old = returned_function();

	if (old & 4)
		__atomic_fetch_or(&returned_data, 4, __ATOMIC_SEQ_CST);
	return unused;
}

static void returned_case(void)
{
	run_both(returned_update, returned_update, NULL);
	KEEP(returned_data);
}

/* A lock that waiters mark: whoever gives it back sees by the exchange what it overwrites. */
static unsigned int exchanged_lock;
static long exchanged_data, exchanged_wakes;

static void *exchanged_update(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		while (__atomic_fetch_or(&exchanged_lock, 1, __ATOMIC_ACQUIRE) & 1) {
			__atomic_fetch_or(&exchanged_lock, 4, __ATOMIC_RELAXED);
			sched_yield();
		}
		exchanged_data++;
		sched_yield();
		if (__atomic_exchange_n(&exchanged_lock,
					__atomic_load_n(&exchanged_lock, __ATOMIC_RELAXED) & 2,
					__ATOMIC_RELEASE) &
		    4)
			__atomic_fetch_add(&exchanged_wakes, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void exchanged_case(void)
{
	run_both(exchanged_update, exchanged_update, NULL);
	MUST(exchanged_data == 20);
}

/* --- A plain update after the thread's own locked instruction -------------------- */

static long after_own_data;

static void *after_own_write(void *unused)
{
	__atomic_fetch_add(&after_own_data, 1, __ATOMIC_RELAXED);
	after_own_data++;
	return unused;
}

static void *after_own_read(void *unused)
{
	await_first();
	__atomic_fetch_add(&after_own_data, 1, __ATOMIC_RELAXED);
	KEEP(after_own_data);
	return unused;
}

RACE(after_own)

/* The same under a lock. */
static pthread_mutex_t after_locked_lock = PTHREAD_MUTEX_INITIALIZER;
static long after_locked_data;

static void *after_locked_write(void *unused)
{
	pthread_mutex_lock(&after_locked_lock);
	__atomic_fetch_add(&after_locked_data, 1, __ATOMIC_RELAXED);
	after_locked_data++;
	pthread_mutex_unlock(&after_locked_lock);
	return unused;
}

static void *after_locked_read(void *unused)
{
	await_first();
	pthread_mutex_lock(&after_locked_lock);
	__atomic_fetch_add(&after_locked_data, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&after_locked_lock);
	return unused;
}

RACE(after_locked)

static const struct race_case cases[] = {
	CASE(plain_count, "lost-update:error"),
	CASE(plain_halves, "lost-update:error"),
	CASE(after_own, "lost-update:error"),
	CASE(after_locked, "silent"),
	CASE(set_up, "silent"),
	CASE(one_counts, "silent"),
	CASE(sequence, "silent"),
	CASE(turns, "silent"),
	CASE(torn, "lost-update"),
	CASE(torn_exchange, "lost-update"),
	CASE(torn_rounds, "lost-update"),
	CASE(torn_waiting, "lost-update?"),
	CASE(returned, "silent"),
	CASE(outdone, "lost-update:error"),
	CASE(advanced, "lost-update:warning?"),
	CASE(stepped, "lost-update:warning"),
	CASE(exchanged, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
