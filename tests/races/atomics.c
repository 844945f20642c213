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

/* --- Locks made of atomics --------------------------------------------------------- */

static atomic_flag flag_lock = ATOMIC_FLAG_INIT;

static void take_flag_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&flag_lock, memory_order_acquire))
		sched_yield();
}

static void drop_flag_lock(void)
{
	atomic_flag_clear_explicit(&flag_lock, memory_order_release);
}

/* The lock stands behind what it protects, in one word of eight bytes. */
static struct {
	int datum, lock;
} beside_lock __attribute__((aligned(8)));

static NOINLINE void beside_lock_use(int datum)
{
	while (__atomic_exchange_n(&beside_lock.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	beside_lock.datum = datum;
	__atomic_store_n(&beside_lock.lock, 0, __ATOMIC_RELEASE);
}

static void *beside_lock_run(void *unused)
{
	for (int i = 0; i < 100; i++)
		beside_lock_use(i);
	return unused;
}

static void beside_lock_case(void)
{
	run_both(beside_lock_run, beside_lock_run, NULL);
}

/* The same with something more to protect, which comes in between. */
static struct {
	int datum, lock;
	long count;
} around_lock __attribute__((aligned(16)));

static NOINLINE void around_lock_use(int datum)
{
	while (__atomic_exchange_n(&around_lock.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	around_lock.datum = datum;
	around_lock.count++;
	__atomic_store_n(&around_lock.lock, 0, __ATOMIC_RELEASE);
}

static void *around_lock_run(void *unused)
{
	for (int i = 0; i < 100; i++)
		around_lock_use(i);
	return unused;
}

static void around_lock_case(void)
{
	run_both(around_lock_run, around_lock_run, NULL);
}

/* The same with the lock in front; once it is given up there is another store. */
static struct {
	int lock, datum;
} after_lock __attribute__((aligned(8)));

static NOINLINE void after_lock_use(int datum)
{
	while (__atomic_exchange_n(&after_lock.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	__atomic_store_n(&after_lock.lock, 0, __ATOMIC_RELEASE);
	after_lock.datum = datum;
}

static void *after_lock_run(void *unused)
{
	for (int i = 0; i < 100; i++)
		after_lock_use(i);
	return unused;
}

static void after_lock_case(void)
{
	run_both(after_lock_run, after_lock_run, NULL);
}

/* What is accessed under the lock is accessed behind it as well, or only there. */
#define ALWAYS static inline __attribute__((always_inline))

static atomic_flag behind_lock = ATOMIC_FLAG_INIT;
static int written_behind_datum, stored_behind_datum, read_behind_datum, none_behind_datum;

ALWAYS int written_behind_under(void)
{
	return written_behind_datum;
}

ALWAYS void written_behind_after(int datum)
{
	written_behind_datum = datum + 1;
}

ALWAYS int stored_behind_under(void)
{
	stored_behind_datum = 1;
	return 2;
}

ALWAYS void stored_behind_after(int datum)
{
	stored_behind_datum = datum;
}

ALWAYS int read_behind_under(void)
{
	return ++read_behind_datum;
}

ALWAYS void read_behind_after(int datum)
{
	datum = read_behind_datum;
	KEEP(datum);
}

ALWAYS int none_behind_under(void)
{
	return ++none_behind_datum;
}

ALWAYS void none_behind_after(int datum)
{
	KEEP(datum);
}

#define BEHIND_LOCK(name)                                                                          \
	static void *name##_run(void *unused)                                                      \
	{                                                                                          \
		int datum;                                                                         \
                                                                                                   \
		while (atomic_flag_test_and_set_explicit(&behind_lock, memory_order_acquire))      \
			sched_yield();                                                             \
		datum = name##_under();                                                            \
		atomic_flag_clear_explicit(&behind_lock, memory_order_release);                    \
		name##_after(datum);                                                               \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_run, name##_run, NULL);                                            \
		KEEP(name##_datum);                                                                \
	}

BEHIND_LOCK(written_behind)
BEHIND_LOCK(stored_behind)
BEHIND_LOCK(read_behind)
BEHIND_LOCK(none_behind)

EXCLUDE(flag_spin_lock, take_flag_lock(), drop_flag_lock(), take_flag_lock(), drop_flag_lock())

/* The lock is dropped before the update. */
static atomic_flag dropped_early_lock = ATOMIC_FLAG_INIT;

static void dropped_early_lock_and_drop(void)
{
	while (atomic_flag_test_and_set_explicit(&dropped_early_lock, memory_order_acquire))
		sched_yield();
	atomic_flag_clear_explicit(&dropped_early_lock, memory_order_release);
}

/* Met before the lock, so that each drop can only order what is before it. */
static pthread_barrier_t dropped_early_start;

static void *dropped_early_update(void *data)
{
	dropped_early_lock_and_drop();
	pthread_barrier_wait(&dropped_early_start);
	++*(long *)data;
	return NULL;
}

static void dropped_early_case(void)
{
	static long data;

	pthread_barrier_init(&dropped_early_start, NULL, 2);
	run_both(dropped_early_update, dropped_early_update, &data);
}

static int old_builtins_lock;

static void take_old_builtins(void)
{
	while (__sync_lock_test_and_set(&old_builtins_lock, 1))
		sched_yield();
}

EXCLUDE(old_builtins, take_old_builtins(), __sync_lock_release(&old_builtins_lock),
	take_old_builtins(), __sync_lock_release(&old_builtins_lock))

/* The second word of a ticket lock is written by its holder only: plain moves. */
static atomic_uint ticket_next, ticket_served;

static void take_ticket(void)
{
	unsigned own = atomic_fetch_add_explicit(&ticket_next, 1, memory_order_relaxed);

	while (atomic_load_explicit(&ticket_served, memory_order_acquire) != own)
		sched_yield();
}

static void serve_next(void)
{
	unsigned own = atomic_load_explicit(&ticket_served, memory_order_relaxed);

	atomic_store_explicit(&ticket_served, own + 1, memory_order_release);
}

EXCLUDE(ticket, take_ticket(), serve_next(), take_ticket(), serve_next())

/* G. L. Peterson, 1981. */
static atomic_int peterson_wants[2], peterson_turn;

static void take_peterson(int own)
{
	atomic_store(&peterson_wants[own], 1);
	atomic_store(&peterson_turn, 1 - own);
	while (atomic_load(&peterson_wants[1 - own]) && atomic_load(&peterson_turn) == 1 - own)
		sched_yield();
}

static void drop_peterson(int own)
{
	atomic_store_explicit(&peterson_wants[own], 0, memory_order_release);
}

EXCLUDE(peterson, take_peterson(0), drop_peterson(0), take_peterson(1), drop_peterson(1))

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
	CASE(flag_spin_lock, "silent"),
	CASE(beside_lock, "silent"),
	CASE(around_lock, "silent"),
	CASE(after_lock, "data-race:error"),
	CASE(written_behind, "lost-update:error|data-race:error"),
	CASE(stored_behind, "data-race:error"),
	CASE(read_behind, "data-race:error"),
	CASE(none_behind, "silent"),
	CASE(dropped_early, "lost-update:error"),
	CASE(old_builtins, "silent"),
	CASE(ticket, "silent"),
	CASE(peterson, "silent"),
	CASE(relaxed, "silent"),
	CASE(plain_moves, "data-race:error"),
	CASE(double_checked, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
