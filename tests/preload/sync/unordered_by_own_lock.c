/*
 * Two threads take two locks in opposite orders, one after the other, and take turns by a spin
 * lock of the program's own.  That orders them in this run alone, so the finding is an error.
 *
 * snarl-expect: status=66 kinds=lock-order-inversion
 */
#include "../guest.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static int spin_lock;
static int is_done; /* under spin_lock */

static void take_spin_lock(void)
{
	while (__atomic_exchange_n(&spin_lock, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&spin_lock, __ATOMIC_RELAXED))
			sched_yield();
}

static void release_spin_lock(void)
{
	__atomic_store_n(&spin_lock, 0, __ATOMIC_RELEASE);
}

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void *run_first(void *unused)
{
	take_both(&first, &second);
	take_spin_lock();
	is_done = 1;
	release_spin_lock();
	return unused;
}

static void *run_second(void *unused)
{
	int is_turn;

	do {
		take_spin_lock();
		is_turn = is_done;
		release_spin_lock();
		sched_yield();
	} while (!is_turn);
	take_both(&second, &first);
	return unused;
}

int main(void)
{
	pthread_t other = guest_start(run_second, NULL);

	guest_run_in_thread(run_first, NULL);
	guest_join(other);
	return guest_passed();
}
