/*
 * RULES, 'Happens-before': locks that programs make of atomics.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cases.h"

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

/* The two words lie side by side, and what is behind the release is not in the lock. */
static struct { _Alignas(8) atomic_uint next, served; } behind;
static long behind_value;

static unsigned take_behind(void)
{
	unsigned own = atomic_fetch_add_explicit(&behind.next, 1, memory_order_relaxed);

	while (atomic_load_explicit(&behind.served, memory_order_acquire) != own)
		sched_yield();
	return own;
}

static void *ticket_behind_write(void *unused)
{
	unsigned own = take_behind();

	atomic_store_explicit(&behind.served, own + 1, memory_order_release);
	behind_value = 1;
	KEEP(behind_value);
	return unused;
}

static void *ticket_behind_read(void *unused)
{
	unsigned own;

	await_first();
	own = take_behind();
	KEEP(behind_value);
	behind_value = 2;
	atomic_store_explicit(&behind.served, own + 1, memory_order_release);
	return unused;
}

RACE(ticket_behind)

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

static const struct race_case cases[] = {
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
	CASE(ticket_behind, "data-race:error"),
	CASE(peterson, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
