/*
 * RULES, 'Happens-before': atomics, which on x86-64 are mostly plain moves, and
 * plain variables that are used like atomics.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

/* --- Flags --------------------------------------------------------------------- */

#define STORE(flag, order) atomic_store_explicit(&flag, 1, memory_order_##order)
#define AWAIT(flag, order)                                                                         \
	while (!atomic_load_explicit(&flag, memory_order_##order))                                 \
	sched_yield()

static atomic_int release_acquire_flag;
HAND_OVER(release_acquire, STORE(release_acquire_flag, release),
	  AWAIT(release_acquire_flag, acquire))

static atomic_int sequential_flag;
HAND_OVER(sequential, STORE(sequential_flag, seq_cst), AWAIT(sequential_flag, seq_cst))

static atomic_int fences_flag;
HAND_OVER(
	fences,
	{
		atomic_thread_fence(memory_order_release);
		STORE(fences_flag, relaxed);
	},
	{
		AWAIT(fences_flag, relaxed);
		atomic_thread_fence(memory_order_acquire);
	})

/* No loop is to be seen around this load; the type of the flag is. */
static atomic_int polled_flag;

static NOINLINE bool polled_is_set(void)
{
	return atomic_load_explicit(&polled_flag, memory_order_acquire);
}

HAND_OVER(polled, STORE(polled_flag, release), while (!polled_is_set()) sched_yield())

/* Handed to and fro so often that its places are old ones, and mostly found at the first look. */
static atomic_int often_turn;
static long often_datum;

static NOINLINE int often_get_turn(void)
{
	return atomic_load_explicit(&often_turn, memory_order_acquire);
}

static NOINLINE long often_get(void)
{
	return often_datum;
}

static NOINLINE void often_set(long datum)
{
	often_datum = datum;
}

static void often_run(int own)
{
	for (int i = 0; i < 300; i++) {
		usleep(50);
		while (often_get_turn() != own)
			sched_yield();
		often_set(often_get() + 1);
		atomic_store(&often_turn, !own);
	}
}

static void *often_first(void *unused)
{
	often_run(0);
	return unused;
}

static void *often_second(void *unused)
{
	often_run(1);
	return unused;
}

static void polled_often_case(void)
{
	run_both(often_first, often_second, NULL);
}

/* Nothing says that this is an atomic; but if it is one, the data is ordered. */
static int untyped_flag;

static NOINLINE void untyped_set(void)
{
	__atomic_store_n(&untyped_flag, 1, __ATOMIC_RELEASE);
}

static NOINLINE int untyped_get(void)
{
	return __atomic_load_n(&untyped_flag, __ATOMIC_ACQUIRE);
}

HAND_OVER(untyped, untyped_set(), while (!untyped_get()) sched_yield())

/* The same; in the end a locked instruction shows what it is. */
static int shown_late_flag;

static NOINLINE void shown_late_set(void)
{
	__atomic_store_n(&shown_late_flag, 1, __ATOMIC_RELEASE);
}

static NOINLINE int shown_late_get(void)
{
	return __atomic_load_n(&shown_late_flag, __ATOMIC_ACQUIRE);
}

HAND_OVER(shown_late_both, shown_late_set(), {
	while (!shown_late_get())
		sched_yield();
	__atomic_fetch_add(&shown_late_flag, 1, __ATOMIC_ACQ_REL);
})

static void shown_late_case(void)
{
	shown_late_both_case();
}

#define SPINS(name, pause)                                                                         \
	static volatile int name##_flag;                                                           \
	HAND_OVER(name, name##_flag = 1, while (!name##_flag) pause)

SPINS(spins_with_yield, sched_yield())
SPINS(spins_with_pause, __builtin_ia32_pause())
SPINS(spins_with_sleep, usleep(1))
SPINS(spins_with_nothing, continue)

/* The flag is set before the data is written. */
static atomic_int flag_first_flag;
static long flag_first_data;

static void *flag_first_giver(void *unused)
{
	(void)unused;
	atomic_store(&flag_first_flag, 1);
	flag_first_data++;
	return NULL;
}

static void *flag_first_taker(void *unused)
{
	(void)unused;
	AWAIT(flag_first_flag, seq_cst);
	flag_first_data++;
	return NULL;
}

static void flag_first_case(void)
{
	run_both(flag_first_giver, flag_first_taker, NULL);
	KEEP(flag_first_data);
}

/* Each has a flag of its own. */
static atomic_int flag_other_flags[2];
EXCLUDE(flag_other, atomic_fetch_add(&flag_other_flags[0], 1), ,
	atomic_fetch_add(&flag_other_flags[1], 1), )

/* --- Data that is atomic itself ------------------------------------------------------- */

static atomic_long relaxed_data;

static void *relaxed_add(void *unused)
{
	(void)unused;
	atomic_fetch_add_explicit(&relaxed_data, 1, memory_order_relaxed);
	return NULL;
}

static void *relaxed_look(void *unused)
{
	(void)unused;
	MUST(atomic_load_explicit(&relaxed_data, memory_order_relaxed) < 2);
	return NULL;
}

static void relaxed_case(void)
{
	run_both(relaxed_add, relaxed_look, NULL);
	KEEP(relaxed_data);
}

/* Plain moves of one word by two threads, and no sign of an atomic. */
static long plain_moves_data;
static volatile long plain_moves_seen;

static void *plain_moves_write(void *unused)
{
	(void)unused;
	plain_moves_data = 5;
	return NULL;
}

static void *plain_moves_read(void *unused)
{
	(void)unused;
	plain_moves_seen = plain_moves_data;
	return NULL;
}

static void plain_moves_case(void)
{
	run_both(plain_moves_write, plain_moves_read, NULL);
	KEEP(plain_moves_data);
}

/* Double-checked locking, as it was written before there were atomics. */
struct thing {
	long value;
};

static pthread_mutex_t double_checked_lock = PTHREAD_MUTEX_INITIALIZER;
static struct thing double_checked_storage, *double_checked_thing;

static NOINLINE struct thing *double_checked_get(void)
{
	struct thing *thing = double_checked_thing;

	if (thing)
		return thing;
	pthread_mutex_lock(&double_checked_lock);
	thing = double_checked_thing;
	if (!thing) {
		thing = &double_checked_storage;
		thing->value++;
		double_checked_thing = thing;
	}
	pthread_mutex_unlock(&double_checked_lock);
	return thing;
}

static void *double_checked_use(void *unused)
{
	(void)unused;
	MUST(double_checked_get()->value == 1);
	return NULL;
}

static void double_checked_case(void)
{
	run_both(double_checked_use, double_checked_use, NULL);
}

static const struct race_case cases[] = {
	CASE(release_acquire, "silent"),
	CASE(sequential, "silent"),
	CASE(fences, "silent"),
	CASE(polled, "silent"),
	CASE(polled_often, "silent"),
	CASE(untyped, "silent"),
	CASE(shown_late, "silent"),
	CASE(spins_with_yield, "unmarked-sync:warning"),
	CASE(spins_with_pause, "unmarked-sync:warning"),
	CASE(spins_with_sleep, "unmarked-sync:warning"),
	CASE(spins_with_nothing, "unmarked-sync:warning"),
	CASE(flag_first, "lost-update:error"),
	CASE(flag_other, "lost-update:error"),
	CASE(relaxed, "silent"),
	CASE(plain_moves, "data-race:error"),
	CASE(double_checked, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
