/*
 * Locks whose functions have hardware transactions, which few processors have: what they order
 * is seen all the same, so races in the program are errors.
 */
#include <immintrin.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cases.h"

static volatile bool has_transactions; /* never, in these tests */

/* Elides the lock by a transaction if it can, as InnoDB's latches do. */
__attribute__((target("rtm"))) NOINLINE static bool enter(atomic_int *lock)
{
	if (has_transactions && _xbegin() == _XBEGIN_STARTED) {
		if (atomic_load_explicit(lock, memory_order_relaxed) == 0)
			return true;
		_xabort(0);
	}
	while (atomic_exchange_explicit(lock, 1, memory_order_acquire))
		sched_yield();
	return false;
}

__attribute__((target("rtm"))) NOINLINE static void leave(atomic_int *lock, bool is_elided)
{
	if (is_elided)
		_xend();
	else
		atomic_store_explicit(lock, 0, memory_order_release);
}

static atomic_int elided_lock;
EXCLUDE(elided, bool is_elided = enter(&elided_lock), leave(&elided_lock, is_elided),
	bool is_elided = enter(&elided_lock), leave(&elided_lock, is_elided))

/* Each takes another lock. */
static atomic_int one_lock, another_lock;
EXCLUDE(unelided, bool is_elided = enter(&one_lock), leave(&one_lock, is_elided),
	bool is_elided = enter(&another_lock), leave(&another_lock, is_elided))

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(elided, "silent"),
		CASE(unelided, "lost-update:error"),
	};

	return RUN_CASES(cases, argc, argv);
}
