/*
 * RULES, 'Lost updates': updates without a lock, and decisions that are carried
 * out in another critical section.  Each with what looks like it and is none.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

/* --- Without a lock ----------------------------------------------------------- */

EXCLUDE(counter, , , , )

static pthread_mutex_t counter_locked_lock = PTHREAD_MUTEX_INITIALIZER;
EXCLUDE(counter_locked, pthread_mutex_lock(&counter_locked_lock),
	pthread_mutex_unlock(&counter_locked_lock), pthread_mutex_lock(&counter_locked_lock),
	pthread_mutex_unlock(&counter_locked_lock))

static _Atomic long counter_atomic_data;

static void *counter_atomic_add(void *unused)
{
	(void)unused;
	counter_atomic_data++;
	return NULL;
}

static void counter_atomic_case(void)
{
	run_both(counter_atomic_add, counter_atomic_add, NULL);
	KEEP(counter_atomic_data);
}

static long through_register_data;

static NOINLINE long some_work(long value)
{
	return value * 3 + 1;
}

static void *through_register_update(void *unused)
{
	long old = through_register_data;
	long work = some_work(5);

	(void)unused;
	through_register_data = old + work;
	return NULL;
}

static void through_register_case(void)
{
	run_both(through_register_update, through_register_update, NULL);
	KEEP(through_register_data);
}

/* That the value was looked at makes it no atomic. */
static long looked_at_data = 5;

static void *looked_at_update(void *unused)
{
	long old = looked_at_data;

	(void)unused;
	if (old > 0) {
		pthread_barrier_wait(&both_have_read);
		looked_at_data = old - 1;
	}
	return NULL;
}

static void looked_at_case(void)
{
	run_both(looked_at_update, looked_at_update, NULL);
	KEEP(looked_at_data);
}

static double floating_sum_data;

static void *floating_sum_add(void *unused)
{
	(void)unused;
	floating_sum_data += 0.5;
	return NULL;
}

static void floating_sum_case(void)
{
	run_both(floating_sum_add, floating_sum_add, NULL);
	KEEP(floating_sum_data);
}

static struct {
	unsigned first : 1;
	unsigned second : 1;
} bits_of_one_byte_data;

static void *bits_of_one_byte_first(void *unused)
{
	(void)unused;
	bits_of_one_byte_data.first = 1;
	return NULL;
}

static void *bits_of_one_byte_second(void *unused)
{
	(void)unused;
	bits_of_one_byte_data.second = 1;
	return NULL;
}

static void bits_of_one_byte_case(void)
{
	run_both(bits_of_one_byte_first, bits_of_one_byte_second, NULL);
	KEEP(bits_of_one_byte_data);
}

/* Wider fields, one of which begins in the byte of the other and ends in the next. */
static struct {
	unsigned first : 5;
	unsigned second : 9;
	unsigned third : 2;
} bits_of_two_bytes_data;

static void *bits_of_two_bytes_first(void *unused)
{
	(void)unused;
	bits_of_two_bytes_data.first = 0;
	return NULL;
}

static void *bits_of_two_bytes_second(void *unused)
{
	(void)unused;
	bits_of_two_bytes_data.second += 3;
	return NULL;
}

static void bits_of_two_bytes_case(void)
{
	run_both(bits_of_two_bytes_first, bits_of_two_bytes_second, NULL);
	KEEP(bits_of_two_bytes_data);
}

/* A statistics counter: one thread counts, another looks now and then. */
static long single_writer_data;
static volatile long single_writer_seen;

static void *single_writer_counts(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		single_writer_data++;
		sched_yield();
	}
	return NULL;
}

static void *single_writer_looks(void *unused)
{
	(void)unused;
	single_writer_seen = single_writer_data;
	return NULL;
}

static void single_writer_case(void)
{
	run_both(single_writer_counts, single_writer_looks, NULL);
	KEEP(single_writer_data);
}

/* --- Decisions ---------------------------------------------------------------------- */

static pthread_mutex_t check_stale_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_stale_stock = 1;

static void *check_stale_sell(void *unused)
{
	long left;

	(void)unused;
	pthread_mutex_lock(&check_stale_lock);
	left = check_stale_stock;
	pthread_mutex_unlock(&check_stale_lock);
	pthread_barrier_wait(&both_have_read);
	if (left > 0) {
		pthread_mutex_lock(&check_stale_lock);
		check_stale_stock = left - 1;
		pthread_mutex_unlock(&check_stale_lock);
	}
	return NULL;
}

static void check_stale_case(void)
{
	run_both(check_stale_sell, check_stale_sell, NULL);
	KEEP(check_stale_stock);
}

static pthread_mutex_t check_then_act_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_then_act_stock = 1;

static void *check_then_act_sell(void *unused)
{
	bool is_there;

	(void)unused;
	pthread_mutex_lock(&check_then_act_lock);
	is_there = check_then_act_stock > 0;
	pthread_mutex_unlock(&check_then_act_lock);
	pthread_barrier_wait(&both_have_read);
	if (is_there) {
		pthread_mutex_lock(&check_then_act_lock);
		check_then_act_stock--;
		pthread_mutex_unlock(&check_then_act_lock);
	}
	return NULL;
}

static void check_then_act_case(void)
{
	run_both(check_then_act_sell, check_then_act_sell, NULL);
	KEEP(check_then_act_stock);
}

/* The same in a loop. */
static pthread_mutex_t check_in_loop_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_in_loop_stock = 10;

static void *check_in_loop_sell(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		bool is_there;

		pthread_mutex_lock(&check_in_loop_lock);
		is_there = check_in_loop_stock > 0;
		pthread_mutex_unlock(&check_in_loop_lock);
		pthread_barrier_wait(&both_have_read);
		if (is_there) {
			pthread_mutex_lock(&check_in_loop_lock);
			check_in_loop_stock--;
			pthread_mutex_unlock(&check_in_loop_lock);
		}
	}
	return NULL;
}

static void check_in_loop_case(void)
{
	run_both(check_in_loop_sell, check_in_loop_sell, NULL);
	KEEP(check_in_loop_stock);
}

/* Who waits for the others' progress decides nothing. */
static pthread_mutex_t check_waited_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_waited_progress;

static void *check_waited_step(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&check_waited_lock);
	check_waited_progress++;
	pthread_mutex_unlock(&check_waited_lock);
	return NULL;
}

static void *check_waited_last_step(void *unused)
{
	long progress = 0;

	while (progress == 0) {
		sched_yield();
		pthread_mutex_lock(&check_waited_lock);
		progress = check_waited_progress;
		pthread_mutex_unlock(&check_waited_lock);
	}
	return check_waited_step(unused);
}

static void check_waited_case(void)
{
	run_both(check_waited_last_step, check_waited_step, NULL);
	KEEP(check_waited_progress);
}

/* Nobody need come in between in this run. */
static pthread_mutex_t check_at_once_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_at_once_stock = 10;

static NOINLINE void check_at_once_sell(void)
{
	bool is_there;

	pthread_mutex_lock(&check_at_once_lock);
	is_there = check_at_once_stock > 0;
	pthread_mutex_unlock(&check_at_once_lock);
	if (is_there) {
		pthread_mutex_lock(&check_at_once_lock);
		check_at_once_stock--;
		pthread_mutex_unlock(&check_at_once_lock);
	}
}

static void *check_at_once_sell_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++)
		check_at_once_sell();
	return NULL;
}

static void check_at_once_case(void)
{
	run_both(check_at_once_sell_all, check_at_once_sell_all, NULL);
	KEEP(check_at_once_stock);
}

/* Nobody can. */
static pthread_mutex_t check_joined_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_joined_stock = 10;

static void *check_joined_sell(void *unused)
{
	bool is_there;

	(void)unused;
	pthread_mutex_lock(&check_joined_lock);
	is_there = check_joined_stock > 0;
	pthread_mutex_unlock(&check_joined_lock);
	if (is_there) {
		pthread_mutex_lock(&check_joined_lock);
		check_joined_stock--;
		pthread_mutex_unlock(&check_joined_lock);
	}
	return NULL;
}

static void check_joined_case(void)
{
	for (int i = 0; i < 2; i++) {
		pthread_t thread;

		MUST(pthread_create(&thread, NULL, check_joined_sell, NULL) == 0);
		pthread_join(thread, NULL);
	}
	KEEP(check_joined_stock);
}

static pthread_mutex_t check_again_lock = PTHREAD_MUTEX_INITIALIZER;
static long check_again_stock = 1;

static void *check_again_sell(void *unused)
{
	bool is_there;

	(void)unused;
	pthread_mutex_lock(&check_again_lock);
	is_there = check_again_stock > 0;
	pthread_mutex_unlock(&check_again_lock);
	pthread_barrier_wait(&both_have_read);
	if (is_there) {
		pthread_mutex_lock(&check_again_lock);
		if (check_again_stock > 0)
			check_again_stock--;
		pthread_mutex_unlock(&check_again_lock);
	}
	return NULL;
}

static void check_again_case(void)
{
	run_both(check_again_sell, check_again_sell, NULL);
	KEEP(check_again_stock);
}

static const struct race_case cases[] = {
	CASE(counter, "lost-update:error"),
	CASE(counter_locked, "silent"),
	CASE(counter_atomic, "silent"),
	CASE(through_register, "lost-update:error"),
	CASE(looked_at, "lost-update:error"),
	CASE(floating_sum, "lost-update:error"),
	CASE(bits_of_one_byte, "lost-update:error"),
	CASE(bits_of_two_bytes, "lost-update:error"),
	CASE(single_writer, "data-race:error"),
	CASE(check_stale, "lost-update:error"),
	CASE(check_then_act, "check-then-act:warning"),
	CASE(check_in_loop, "check-then-act:warning"),
	CASE(check_waited, "silent"),
	CASE(check_at_once, "check-then-act:warning"),
	CASE(check_joined, "silent"),
	CASE(check_again, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
