/*
 * RULES, 'Lost updates': a value is read in one critical section, and what is
 * made of it is written in another.  Each with what looks like it and is none.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

static NOINLINE long some_work(long value)
{
	return value * 3 + 1;
}

/* --- Read in one critical section, written in another --------------------------- */

static pthread_mutex_t split_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_data;

static void *split_update(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_lock);
	old = split_data;
	pthread_mutex_unlock(&split_lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_lock);
	split_data = old + 1;
	pthread_mutex_unlock(&split_lock);
	return NULL;
}

static void split_case(void)
{
	run_both(split_update, split_update, NULL);
	KEEP(split_data);
}

/* The same, but in this run the second comes when the first is done. */
static pthread_mutex_t split_predicted_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t split_predicted_progress_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_predicted_data;
static bool split_predicted_is_done;

static NOINLINE void split_predicted_update(void)
{
	long old;

	pthread_mutex_lock(&split_predicted_lock);
	old = split_predicted_data;
	pthread_mutex_unlock(&split_predicted_lock);
	pthread_mutex_lock(&split_predicted_lock);
	split_predicted_data = old + 1;
	pthread_mutex_unlock(&split_predicted_lock);
}

static void *split_predicted_first(void *unused)
{
	(void)unused;
	split_predicted_update();
	pthread_mutex_lock(&split_predicted_progress_lock);
	split_predicted_is_done = true;
	pthread_mutex_unlock(&split_predicted_progress_lock);
	return NULL;
}

/* Waits for luck, but loses patience in the end: nothing keeps the two apart. */
static void *split_predicted_second(void *unused)
{
	bool is_done = false;

	(void)unused;
	for (int patience = 1000000; patience > 0 && !is_done; patience--) {
		sched_yield();
		pthread_mutex_lock(&split_predicted_progress_lock);
		is_done = split_predicted_is_done;
		pthread_mutex_unlock(&split_predicted_progress_lock);
	}
	split_predicted_update();
	return NULL;
}

static void split_predicted_case(void)
{
	run_both(split_predicted_first, split_predicted_second, NULL);
	KEEP(split_predicted_data);
}

/* The other updates the place in one section, but could do so in between; and it has updated
 * another place, at the same line, often enough for nobody to look at it any more. */
static pthread_mutex_t split_met_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t split_met_progress_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_met_data, split_met_other[4];
static bool split_met_is_done;

static void *split_met_update(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_met_lock);
	old = split_met_data;
	pthread_mutex_unlock(&split_met_lock);
	pthread_mutex_lock(&split_met_lock);
	split_met_data = old + 1;
	pthread_mutex_unlock(&split_met_lock);
	pthread_mutex_lock(&split_met_progress_lock);
	split_met_is_done = true;
	pthread_mutex_unlock(&split_met_progress_lock);
	return NULL;
}

static NOINLINE void split_met_add(long *place)
{
	pthread_mutex_lock(&split_met_lock);
	*place = *place * 3 + 1;
	pthread_mutex_unlock(&split_met_lock);
}

static void *split_met_elsewhere_first(void *unused)
{
	bool is_done = false;

	(void)unused;
	for (int i = 0; i < 200; i++)
		split_met_add(&split_met_other[2]);
	for (int patience = 1000000; patience > 0 && !is_done; patience--) {
		sched_yield();
		pthread_mutex_lock(&split_met_progress_lock);
		is_done = split_met_is_done;
		pthread_mutex_unlock(&split_met_progress_lock);
	}
	split_met_add(&split_met_data);
	return NULL;
}

static void split_met_case(void)
{
	run_both(split_met_update, split_met_elsewhere_first, NULL);
	KEEP(split_met_data);
	KEEP(split_met_other);
}

/* One thread after the other: nothing can come in between. */
static pthread_mutex_t split_joined_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_joined_data;

static void *split_joined_update(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_joined_lock);
	old = split_joined_data;
	pthread_mutex_unlock(&split_joined_lock);
	pthread_mutex_lock(&split_joined_lock);
	split_joined_data = old + 1;
	pthread_mutex_unlock(&split_joined_lock);
	return NULL;
}

static void split_joined_case(void)
{
	for (int i = 0; i < 2; i++) {
		pthread_t thread;

		MUST(pthread_create(&thread, NULL, split_joined_update, NULL) == 0);
		pthread_join(thread, NULL);
	}
	KEEP(split_joined_data);
}

/* What pthread_cond_wait() gives up in between is no critical section. */
static pthread_mutex_t split_by_wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t split_by_wait_changed = PTHREAD_COND_INITIALIZER;
static long split_by_wait_data;
static bool split_by_wait_is_waiting, split_by_wait_is_added;

static void *split_by_wait_waiter(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_by_wait_lock);
	old = split_by_wait_data;
	split_by_wait_is_waiting = true;
	pthread_cond_broadcast(&split_by_wait_changed);
	while (!split_by_wait_is_added)
		pthread_cond_wait(&split_by_wait_changed, &split_by_wait_lock);
	split_by_wait_data = old + 1;
	pthread_mutex_unlock(&split_by_wait_lock);
	return NULL;
}

static void *split_by_wait_adder(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&split_by_wait_lock);
	while (!split_by_wait_is_waiting)
		pthread_cond_wait(&split_by_wait_changed, &split_by_wait_lock);
	split_by_wait_data += 10;
	split_by_wait_is_added = true;
	pthread_cond_broadcast(&split_by_wait_changed);
	pthread_mutex_unlock(&split_by_wait_lock);
	return NULL;
}

static void split_by_wait_case(void)
{
	run_both(split_by_wait_waiter, split_by_wait_adder, NULL);
	KEEP(split_by_wait_data);
}

/* --- Two sections that lose nothing ---------------------------------------------- */

static pthread_mutex_t split_reread_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_reread_data;

static void *split_reread_update(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_reread_lock);
	old = split_reread_data;
	pthread_mutex_unlock(&split_reread_lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_reread_lock);
	if (split_reread_data != old)
		old = split_reread_data;
	split_reread_data = old + 1;
	pthread_mutex_unlock(&split_reread_lock);
	return NULL;
}

static void split_reread_case(void)
{
	run_both(split_reread_update, split_reread_update, NULL);
	KEEP(split_reread_data);
}

/* Optimistic: prepared outside, thrown away if it has changed. */
static pthread_mutex_t split_optimistic_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_optimistic_data;

static void *split_optimistic_update(void *unused)
{
	bool is_done = false;

	(void)unused;
	while (!is_done) {
		long old, new;

		pthread_mutex_lock(&split_optimistic_lock);
		old = split_optimistic_data;
		pthread_mutex_unlock(&split_optimistic_lock);
		new = some_work(old);
		pthread_mutex_lock(&split_optimistic_lock);
		if (split_optimistic_data == old) {
			split_optimistic_data = new;
			is_done = true;
		}
		pthread_mutex_unlock(&split_optimistic_lock);
	}
	return NULL;
}

static void split_optimistic_case(void)
{
	run_both(split_optimistic_update, split_optimistic_update, NULL);
	KEEP(split_optimistic_data);
}

/* ... by a version that each update changes. */
static pthread_mutex_t split_versioned_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_versioned_data, split_versioned_version;

static void *split_versioned_update(void *unused)
{
	(void)unused;
	for (int left = 100; left > 0;) {
		long old, new, version;

		pthread_mutex_lock(&split_versioned_lock);
		old = split_versioned_data;
		version = split_versioned_version;
		pthread_mutex_unlock(&split_versioned_lock);
		new = old * 3 % 1001 + 1;
		pthread_mutex_lock(&split_versioned_lock);
		if (split_versioned_version == version) {
			split_versioned_data = new;
			split_versioned_version++;
			left--;
		}
		pthread_mutex_unlock(&split_versioned_lock);
	}
	return NULL;
}

static void split_versioned_case(void)
{
	run_both(split_versioned_update, split_versioned_update, NULL);
	KEEP(split_versioned_data);
}

/* ... by one that is merely counted. */
static pthread_mutex_t split_counted_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_counted_data, split_counted_version;

static void *split_counted_update(void *unused)
{
	(void)unused;
	for (int left = 100; left > 0;) {
		long old, new;

		pthread_mutex_lock(&split_counted_lock);
		old = split_counted_data;
		pthread_mutex_unlock(&split_counted_lock);
		new = old * 3 % 1001 + 1;
		pthread_mutex_lock(&split_counted_lock);
		if (split_counted_version >= 0) {
			split_counted_data = new;
			split_counted_version++;
			left--;
		}
		pthread_mutex_unlock(&split_counted_lock);
	}
	return NULL;
}

static void split_counted_case(void)
{
	run_both(split_counted_update, split_counted_update, NULL);
	KEEP(split_counted_data);
}

static _Atomic long compare_exchange_data;

static void *compare_exchange_update(void *unused)
{
	long old = atomic_load_explicit(&compare_exchange_data, memory_order_relaxed);

	(void)unused;
	pthread_barrier_wait(&both_have_read);
	while (!atomic_compare_exchange_weak(&compare_exchange_data, &old, old + 1))
		continue;
	return NULL;
}

static void compare_exchange_case(void)
{
	run_both(compare_exchange_update, compare_exchange_update, NULL);
	KEEP(compare_exchange_data);
}

/* What is written does not rest on what was read. */
static pthread_mutex_t split_constant_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_constant_state;
static volatile long split_constant_seen;

static void *split_constant_update(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&split_constant_lock);
	split_constant_seen = split_constant_state;
	pthread_mutex_unlock(&split_constant_lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_constant_lock);
	split_constant_state = 7;
	pthread_mutex_unlock(&split_constant_lock);
	return NULL;
}

static void split_constant_case(void)
{
	run_both(split_constant_update, split_constant_update, NULL);
	KEEP(split_constant_state);
}

static pthread_mutex_t split_time_stamp_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_time_stamp_last_seen;
static volatile long split_time_stamp_seen;

static void *split_time_stamp_update(void *now)
{
	(void)now;
	pthread_mutex_lock(&split_time_stamp_lock);
	split_time_stamp_seen = split_time_stamp_last_seen;
	pthread_mutex_unlock(&split_time_stamp_lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_time_stamp_lock);
	split_time_stamp_last_seen = some_work((long)now);
	pthread_mutex_unlock(&split_time_stamp_lock);
	return NULL;
}

static void split_time_stamp_case(void)
{
	run_both(split_time_stamp_update, split_time_stamp_update, NULL);
	KEEP(split_time_stamp_last_seen);
}

/* Read here, written there. */
static pthread_mutex_t split_elsewhere_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_elsewhere_source, split_elsewhere_copy;

static void *split_elsewhere_update(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_elsewhere_lock);
	old = split_elsewhere_source;
	pthread_mutex_unlock(&split_elsewhere_lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_elsewhere_lock);
	split_elsewhere_copy = old + 1;
	pthread_mutex_unlock(&split_elsewhere_lock);
	return NULL;
}

static void split_elsewhere_case(void)
{
	run_both(split_elsewhere_update, split_elsewhere_update, NULL);
	KEEP(split_elsewhere_copy);
}

static const struct race_case cases[] = {
	CASE(split, "lost-update:error"),
	CASE(split_predicted, "lost-update:warning"),
	CASE(split_met, "lost-update:warning"),
	CASE(split_joined, "silent"),
	CASE(split_by_wait, "lost-update:error"),
	CASE(split_reread, "silent"),
	CASE(split_optimistic, "silent"),
	CASE(split_versioned, "silent"),
	CASE(split_counted, "lost-update"),
	CASE(compare_exchange, "silent"),
	CASE(split_constant, "silent"),
	CASE(split_time_stamp, "silent"),
	CASE(split_elsewhere, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
